/** Every page of the console in the states that matter, by address; what the screenshots show and what axe reads. */
import type { Page } from 'playwright-core'
import { settled } from './browser.ts'
import type { Demo } from './demo.ts'
import type { Say } from './words.ts'

export type Who = 'owner' | 'viewer' | 'nobody'

export type View = {
  name: string
  who: Who
  path: (demo: Demo) => string
  /** What is done there before one looks. */
  act?: (page: Page, say: Say, demo: Demo) => Promise<void>
  /** Whether it may be tall: then all of it is shown. Default: yes. Workbenches and dialogs fill the window. */
  whole?: boolean
  /** Calls that fail there, as `METHOD /path 403`, since that is what it shows. */
  expected?: RegExp
}

const owner = (name: string, path: View['path'], more: Partial<View> = {}): View => ({
  name,
  who: 'owner',
  path,
  ...more,
})
const window = { whole: false } as const
const desk =
  (path: string): View['path'] =>
  ({ projects }) =>
    `${path}${path.includes('?') ? '&' : '?'}project=${projects.desk}`
const lab =
  (path: string): View['path'] =>
  ({ projects }) =>
    `${path}?project=${projects.lab}`

export const VIEWS: readonly View[] = [
  owner('models', desk('/models'), {}),
  owner('overview', desk('/')),
  owner('overview-new', lab('/')),
  owner('playground', ({ sessionId, projects }) => `/playground/${sessionId}?project=${projects.desk}`, window),
  owner('playground-new', lab('/playground'), window),
  owner(
    'playground-code',
    ({ sessionId, projects }) => `/playground/${sessionId}?project=${projects.desk}&beside=code`,
    window,
  ),
  owner(
    'playground-saved',
    ({ sessionId, projects }) => `/playground/${sessionId}?project=${projects.desk}&beside=saved`,
    window,
  ),
  owner('playground-completion', desk('/playground?mode=completion'), window),
  owner('playground-embeddings', desk('/playground?mode=embeddings'), window),
  owner('playground-tokens', desk('/playground?mode=tokens'), window),
  owner('models-add', desk('/models?act=add'), window),
  owner('models-pull', desk('/models?act=pull&of=qwen3-4b'), window),
  owner('models-filtered', desk('/models?family=Qwen3&fit=fits')),
  owner('model', ({ models, projects }) => `/models/${models.starter}?project=${projects.desk}`),
  owner('model-pulling', desk('/models/qwen3-0.6b')),
  owner('model-giant', desk('/models/deepseek-v3')),
  owner('usage', desk('/usage')),
  owner('usage-month', desk('/usage?range=30d&by=key&compare=true')),
  owner('usage-panel', ({ models, projects }) => `/usage?range=7d&pick=${models.starter}&project=${projects.desk}`),
  owner('usage-new', lab('/usage')),
  owner('requests', desk('/requests')),
  owner('requests-new', lab('/requests')),
  owner('request', ({ requests, projects }) => `/requests/${requests.kept}?project=${projects.desk}`),
  owner('request-failed', ({ requests, projects }) => `/requests/${requests.failed}?project=${projects.desk}`),
  owner('request-cut', ({ requests, projects }) => `/requests/${requests.cut}?project=${projects.desk}`),
  owner('keys', desk('/keys')),
  owner('key', ({ keyId, projects }) => `/keys/${keyId}?project=${projects.desk}`),
  owner('key-limits', ({ keyId, projects }) => `/keys/${keyId}?project=${projects.desk}`, {
    ...window,
    async act(page, say) {
      await page.getByRole('button', { name: say('limits', 'change'), exact: true }).click()
      await page.getByRole('dialog').getByLabel(say('limits', 'requests_per_minute')).fill('100')
    },
  }),
  owner('keys-create', desk('/keys?create=true'), window),
  owner('keys-leaked', desk('/keys?leaked=true'), window),
  owner('keys-new', lab('/keys')),
  owner('people', desk('/people')),
  owner('people-invite', desk('/people?make=true'), window),
  owner('people-invitations', desk('/people?tab=invitations')),
  owner('people-accounts', desk('/people?tab=accounts')),
  owner(
    'people-account',
    ({ accountId, projects }) => `/people?tab=accounts&account=${accountId}&project=${projects.desk}`,
  ),
  owner('people-roles', desk('/people?tab=roles')),
  owner('people-operators', desk('/people?tab=operators')),
  owner('trail', desk('/people/trail')),
  owner('trail-installation', desk('/people/trail?of=installation')),
  owner('account', desk('/account')),
  owner('settings-project', desk('/settings')),
  owner('settings-organization', desk('/settings?tab=organization')),
  owner('settings-installation', desk('/settings?tab=installation')),
  owner('settings-backups', desk('/settings?tab=backups')),
  owner('machine', desk('/machine')),
  owner('batches', desk('/batches')),
  owner('batches-new', lab('/batches')),
  owner('batch', ({ batchId, projects }) => `/batches/${batchId}?project=${projects.desk}`),
  owner('upstreams', desk('/upstreams')),
  owner('upstream', ({ upstreamId, projects }) => `/upstreams/${upstreamId}?project=${projects.desk}`),
  owner('upstreams-none', desk('/upstreams?q=none')),
  owner('upstreams-add', desk('/upstreams?add=true'), window),
  owner('routes', desk('/routes')),
  owner('routes-none', desk('/routes?q=none')),
  owner('routes-add', desk('/routes?add=true'), window),
  owner('parts', desk('/parts')),
  owner('not-found', desk('/nothing-is-here')),
  owner('palette', desk('/keys'), {
    ...window,
    async act(page) {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox').fill('s')
      await page.getByRole('option').first().waitFor()
    },
  }),
  owner('call', desk('/keys?create=true'), {
    ...window,
    async act(page, say) {
      await page
        .getByRole('button', { name: say('words', 'show-call') })
        .last()
        .click()
      await page.locator('.popover').waitFor()
    },
  }),
  { name: 'viewer-overview', who: 'viewer', path: desk('/') },
  { name: 'viewer-models', who: 'viewer', path: desk('/models') },
  { name: 'viewer-keys', who: 'viewer', path: desk('/keys') },
  { name: 'viewer-people', who: 'viewer', path: desk('/people') },
  {
    name: 'viewer-session',
    who: 'viewer',
    path: ({ sessionId, projects }) => `/playground/${sessionId}?project=${projects.desk}`,
    ...window,
  },
  { name: 'viewer-settings', who: 'viewer', path: desk('/settings') },
  { name: 'viewer-machine', who: 'viewer', path: desk('/machine') },
  { name: 'viewer-trail', who: 'viewer', path: desk('/people/trail') },
  { name: 'sign-in', who: 'nobody', path: () => '/sign-in' },
  { name: 'setup-over', who: 'nobody', path: () => '/setup?token=used-before' },
  { name: 'invite', who: 'nobody', path: ({ inviteUrl }) => pathOf(inviteUrl) },
  { name: 'invite-over', who: 'nobody', path: () => '/invite?token=taken-back', expected: /look 410$/ },
  { name: 'reset', who: 'nobody', path: ({ resetUrl }) => pathOf(resetUrl) },
  {
    name: 'confirm-email',
    who: 'nobody',
    path: () => '/confirm-email?token=old',
    expected: /email-confirmation 4\d\d$/,
  },
]

function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** Opens a view and does there what belongs to it. */
export async function openView(page: Page, view: View, demo: Demo, say: Say): Promise<void> {
  await page.goto(view.path(demo))
  await settled(page)
  await view.act?.(page, say, demo)
}
