/**
 * The console as two people meet it, in a real browser on the real product with the real starter model: from the printed
 * link to a second person who may do less. Once in English on a desk, once in Chinese on a phone.
 */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import type OpenAI from 'openai'
import type { Browser, Page } from 'playwright-core'
import { type Look, NO_BROWSER, newVisitor, ONE_LOOK, openBrowser, settled, type Visitor } from './console/browser.ts'
import { type Say, sayIn } from './console/words.ts'
import { type HubStandIn, startHubStandIn } from './hub-stand-in.ts'
import { starterModelPath } from './models/starter.ts'
import { testModel } from './models/test-model.ts'
import { type Product, STARTER, startProduct } from './product.ts'

const OWNER = { name: 'Mei Lin', email: 'mei@kestrel.example', password: 'salt wind and canvas', place: 'Kestrel Labs' }
const VIEWER = { name: 'Noor Haddad', email: 'noor@kestrel.example', password: 'a harbour for everybody' }
const REPO = 'kestrel/tiny-qwen3-gguf'
const FILE = 'tiny-qwen3-f16.gguf'
/** How long the hub takes over it; what is asked meanwhile has to be seen, and nothing waits for its end in vain. */
const PULL_MS = 2_500

const LOOKS: Look[] = [
  { language: 'en', theme: 'light', width: 1440 },
  { language: 'zh', theme: 'dark', width: 390 },
]

for (const [index, look] of LOOKS.entries())
  describe(`the console in ${look.language} at ${look.width} px`, { skip: index === 0 ? NO_BROWSER : ONE_LOOK }, () => {
    const say = sayIn(look.language)
    let hub: HubStandIn
    let product: Product
    let browser: Browser
    let owner: Visitor
    let page: Page
    let savedAt = ''

    before(async () => {
      hub = await startHubStandIn()
      product = await startProduct({ owner: null, starter: false, environment: { HF_ENDPOINT: hub.url } })
      await product.importModel(STARTER, await starterModelPath())
      browser = await openBrowser()
      owner = await newVisitor(browser, product, look)
      page = owner.page
    })
    after(async () => {
      await browser?.close()
      await product?.stop()
      await hub?.close()
    })

    const go = (name: string, on: Page = page) => throughRail(on, say, look, name)

    it('makes an owner of whoever opens the printed link, and prints a call that works', async () => {
      const link = new URL(await product.setUpLink())
      await owner.go(link.pathname + link.search)
      await page.getByLabel(say('alone', 'name'), { exact: true }).fill(OWNER.name)
      await page.getByLabel(say('alone', 'email'), { exact: true }).fill(OWNER.email)
      await page.getByLabel(say('alone', 'password'), { exact: true }).fill(OWNER.password)
      await page.getByLabel(say('alone', 'organization'), { exact: true }).fill(OWNER.place)
      await page.getByRole('button', { name: say('alone', 'setup-act') }).click()
      await page.getByRole('heading', { name: say('alone', 'ready', { name: OWNER.place }) }).waitFor()
      product.key = (await page.locator('[data-secret]').textContent()) ?? ''
      const printed = (await page.locator('pre').textContent()) ?? ''
      assert.match(printed, /^curl /m)
      // As somebody would paste it; the model loads with the first call. Once is enough: it takes its time.
      const isPasted = look.language === 'en' && spawnSync('curl', ['--version']).status === 0
      const answer = isPasted
        ? (JSON.parse((await promisify(execFile)('sh', ['-c', printed])).stdout) as OpenAI.ChatCompletion)
        : await product.openai().chat.completions.create({
            model: STARTER,
            messages: [{ role: 'user', content: 'Say hello.' }],
            max_tokens: 8,
          })
      assert.ok((answer.choices[0]?.message.content ?? '').length > 0)
      await page.getByRole('link', { name: say('alone', 'open-console') }).click()
    })

    it('tells the owner what is next, until it is done', async () => {
      await page.getByRole('heading', { name: say('overview', 'title'), level: 1 }).waitFor()
      const next = page.locator('section', { has: page.getByRole('heading', { name: say('overview', 'next') }) })
      await next.getByText(say('overview', 'next-count', { done: 3, all: 4 })).waitFor()
      await next.getByRole('link', { name: say('overview', 'next-invite-act') }).waitFor()
      assert.equal(await next.getByRole('link').count(), 1, 'what is done asks for nothing')
    })

    it('pulls a model, and shows how far it is on every page and after a reload', async () => {
      const weights = readFileSync(await testModel('qwen3'))
      hub.trouble.chunkBytes = Math.ceil((weights.length * 5) / PULL_MS)
      hub.put(REPO, FILE, weights)
      await go('models')
      await page.getByRole('button', { name: say('models', 'add'), exact: true }).click()
      const dialog = page.locator('.dialog')
      await dialog.getByLabel(say('models', 'repository')).fill(REPO)
      await dialog.getByRole('button', { name: say('models', 'look-up') }).click()
      await dialog.getByText(FILE).waitFor()
      await dialog
        .getByRole('button', { name: new RegExp(`^${say('models', 'pull-amount', { amount: '' }).trim()}`) })
        .click()
      await dialog.waitFor({ state: 'detached' })
      const first = await shareUnderWay(page, say('models', 'under-way'))
      await go('overview')
      await page.reload()
      await settled(page)
      const later = await shareUnderWay(page, say('overview', 'under-way'))
      assert.ok(later > first && later < 100, `it was at ${first} and is at ${later}`)
      await product.until('it arrives', async () => {
        const { data } = await product.get<{ data: { state: string }[] }>('/api/pulls?limit=1')
        return data[0]?.state === 'done'
      })
      await page.getByRole('heading', { name: say('overview', 'under-way') }).waitFor({ state: 'detached' })
    })

    it('streams an answer, stops one, and keeps what was asked before in a branch', async () => {
      await owner.go(`/playground?models=${STARTER}`)
      await longestAnswer('48')
      // Watched from within: a short answer can be whole before anybody outside has looked twice.
      await page.evaluate(`{
        const look = () => lengths.add(document.querySelector('.said')?.textContent.length ?? 0)
        globalThis.lengths = new Set()
        new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
      }`)
      await ask('Name a bird of the sea.')
      const answers = page.locator('.said')
      await product.until('it grows while it comes', () => page.evaluate<boolean>('lengths.size > 2'))
      await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' })

      await longestAnswer('1500')
      await ask('Tell a long story of a voyage, with every harbour on the way.')
      await product.until('it is on its way', async () => ((await answers.last().textContent()) ?? '').length > 10)
      await page
        .locator('.flow')
        .getByRole('button', { name: say('playground', 'stop'), exact: true })
        .click()
      await page.getByText(say('playground', 'ended-stopped')).waitFor()
      await product.idle()
      await product.until('its record says who ended it', async () => (await product.usage(1))[0]?.cut_by === 'client')

      await longestAnswer('32')
      await page
        .getByRole('button', { name: say('playground', 'edit-question') })
        .first()
        .click()
      await page.getByRole('textbox', { name: say('playground', 'edit-question') }).fill('Name a fish of the sea.')
      await page.getByRole('button', { name: say('playground', 'ask-edited') }).click()
      await page.locator('[aria-busy="true"]').waitFor({ state: 'detached' })
      const at = (place: number) =>
        page.getByText(say('playground', 'branch-at', { at: place, total: 2 }), { exact: true })
      await at(2).waitFor()
      assert.equal(await page.getByText('Name a bird of the sea.').count(), 0)
      await page
        .getByRole('button', { name: say('playground', 'branch-before') })
        .first()
        .click()
      await at(1).waitFor()
      await page.getByText('Name a bird of the sea.').waitFor()
      await page.getByText(say('playground', 'ended-stopped')).waitFor()
    })

    it('saves the conversation for everybody in the project, under an address', async () => {
      await page.getByRole('button', { name: say('playground', 'save'), exact: true }).click()
      const dialog = page.locator('.dialog')
      await dialog.getByLabel(say('playground', 'title-label')).fill('Birds and voyages')
      await dialog.getByText(say('playground', 'whole-project'), { exact: true }).click()
      await dialog.getByRole('button', { name: say('playground', 'save'), exact: true }).click()
      await page.waitForURL(/\/playground\/play_/)
      savedAt = new URL(page.url()).pathname
    })

    it('makes a key whose first call turns its dialog to done, and whose use is seen without a reload', async () => {
      const second = await owner.context.newPage()
      await second.goto('/usage?range=24h&by=key')
      await settled(second)
      await go('keys')
      await page
        .getByRole('button', { name: say('keys', 'create'), exact: true })
        .first()
        .click()
      const dialog = page.locator('.dialog')
      await dialog.getByLabel(say('keys', 'name'), { exact: true }).fill('harbour-bot')
      await dialog.getByRole('button', { name: say('keys', 'create'), exact: true }).click()
      await dialog.getByText(say('keys', 'first-call-waits')).waitFor()
      const secret = (await dialog.locator('[data-secret]').textContent()) ?? ''
      await product.openai({ apiKey: secret }).chat.completions.create({
        model: STARTER,
        messages: [{ role: 'user', content: 'Say hello.' }],
        max_tokens: 8,
      })
      await dialog.getByText(say('keys', 'first-call-came')).waitFor()
      await dialog.getByRole('button', { name: say('keys', 'done'), exact: true }).click()
      await page
        .locator('.panel')
        .getByRole('button', { name: say('words', 'close'), exact: true })
        .click()
      await second.getByRole('table').getByText('harbour-bot').waitFor()
      await second.close()
    })

    it('lets a second person in by a link, who sees what a viewer may see and is refused the rest', async () => {
      await go('people')
      await page.getByRole('button', { name: say('people', 'invite'), exact: true }).click()
      const dialog = page.locator('.dialog')
      await dialog.getByLabel(say('people', 'email'), { exact: true }).fill(VIEWER.email)
      await dialog.getByRole('radio', { name: say('people', 'role-viewer') }).check({ force: true })
      await dialog.getByRole('button', { name: say('people', 'invite-act'), exact: true }).click()
      const link = new URL((await dialog.locator('[data-secret]').textContent()) ?? '')

      const viewer = await newVisitor(browser, product, look)
      await viewer.go(link.pathname + link.search)
      await viewer.page.getByText(say('alone', 'role-viewer')).first().waitFor()
      await viewer.page.getByLabel(say('alone', 'name'), { exact: true }).fill(VIEWER.name)
      await viewer.page.getByLabel(say('alone', 'password'), { exact: true }).fill(VIEWER.password)
      await viewer.page.getByRole('button', { name: say('alone', 'invite-accept') }).click()
      await viewer.page.getByRole('heading', { name: say('overview', 'title'), level: 1 }).waitFor()

      assert.deepEqual(await railOf(viewer.page, say, look), [
        'overview',
        'models',
        'usage',
        'requests',
        'batches',
        'keys',
        'people',
      ])
      await viewer.go('/keys?create=true')
      await viewer.page.getByText('harbour-bot').first().waitFor()
      assert.equal(await viewer.page.getByRole('button', { name: say('keys', 'create'), exact: true }).count(), 0)
      assert.equal(await viewer.page.locator('.dialog').count(), 0, 'an address opens no more than a button would')
      await viewer.go('/people?make=true')
      assert.equal(await viewer.page.getByRole('button', { name: say('people', 'invite'), exact: true }).count(), 0)
      assert.equal(await viewer.page.locator('.dialog').count(), 0)
      await viewer.go('/models?act=add')
      assert.equal(await viewer.page.locator('.dialog').count(), 0)
      await viewer.go(savedAt)
      await viewer.page.getByText('Name a bird of the sea.').waitFor()
      assert.equal(await viewer.page.getByRole('button', { name: say('playground', 'send'), exact: true }).count(), 0)
      assert.deepEqual(viewer.troubles, [], 'a page asks nothing that its reader may not know')

      const refused = await viewer.page.evaluate(refusals)
      assert.deepEqual(
        refused.filter(({ status }) => status !== 403),
        [],
      )
      await viewer.close()
      await dialog.getByRole('button', { name: say('people', 'done'), exact: true }).click()
      await go('overview')
      await page.getByRole('heading', { name: say('overview', 'title'), level: 1 }).waitFor()
      await page.getByRole('heading', { name: say('overview', 'next') }).waitFor({ state: 'detached' })
      await go('people')
      await page.getByText(VIEWER.name).first().waitFor()
    })

    it('went without an error or a refusal of the content policy on any page', () => {
      assert.deepEqual(owner.troubles, [])
    })

    async function longestAnswer(tokens: string): Promise<void> {
      const field = page.getByLabel(say('playground', 'longest'), { exact: true })
      if (look.width === 390)
        await page
          .getByRole('button', { name: say('playground', 'parameters') })
          .first()
          .click()
      await field.fill(tokens)
      await field.blur()
      if (look.width === 390)
        await page
          .getByRole('button', { name: say('playground', 'hide-parameters') })
          .first()
          .click()
    }

    async function ask(question: string): Promise<void> {
      await page.getByRole('textbox', { name: say('playground', 'message'), exact: true }).fill(question)
      await page.getByRole('button', { name: say('playground', 'send'), exact: true }).click()
    }
  })

/** By the rail, which on phones is behind a button. */
async function throughRail(page: Page, say: Say, look: Look, name: string): Promise<void> {
  if (look.width === 390) await page.getByRole('button', { name: say('frame', 'menu'), exact: true }).click()
  await page
    .locator('.rail')
    .getByRole('link', { name: say('frame', name), exact: true })
    .click()
  await settled(page)
}

/** Where the rail leads, by the names of `places.ts`. */
async function railOf(page: Page, say: Say, look: Look): Promise<string[]> {
  if (look.width === 390) await page.getByRole('button', { name: say('frame', 'menu'), exact: true }).click()
  const links = await page.locator('.rail nav').getByRole('link').allTextContents()
  if (look.width === 390) await page.keyboard.press('Escape')
  const work = ['overview', 'playground', 'models', 'usage', 'requests', 'batches', 'keys']
  const names = [...work, 'machine', 'upstreams', 'routes', 'people', 'settings']
  return links.map((text) => names.find((name) => say('frame', name) === text.trim()) ?? text)
}

/** Percent of what is under way that has come, once some has. */
async function shareUnderWay(page: Page, title: string): Promise<number> {
  const section = page.locator('section', { has: page.getByRole('heading', { name: title }) })
  for (;;) {
    const style = await section.getByRole('img').first().locator('i').getAttribute('style')
    const share = Number(/--at:\s*([\d.]+)/.exec(style ?? '')?.[1] ?? 0)
    if (share > 0) return share
    await page.waitForTimeout(50)
  }
}

/** Asked within the viewer's page: what nobody of that role may do. */
async function refusals(): Promise<{ call: string; status: number }[]> {
  const get = async (path: string) => (await (await fetch(path)).json()) as Got
  const me = await get('/api/me')
  const organization = me.organizations[0]
  const project = organization?.projects[0]?.id
  const key = (await get(`/api/keys?project_id=${project}`)).data[0]?.id
  const calls: [string, string, object?][] = [
    ['POST', '/api/keys', { name: 'mine', project_id: project }],
    ['PATCH', `/api/keys/${key}`, { name: 'mine' }],
    ['POST', `/api/keys/${key}/rotate`, {}],
    ['DELETE', `/api/keys/${key}`],
    ['POST', '/api/console-keys', { project_id: project }],
    ['POST', '/api/invitations', { organization_id: organization?.id, email: 'a@b.example', role: 'owner' }],
    ['GET', `/api/invitations?organization_id=${organization?.id}`],
    ['PATCH', `/api/organizations/${organization?.id}`, { name: 'Mine' }],
    ['PATCH', `/api/projects/${project}`, { name: 'Mine' }],
    ['POST', '/api/projects', { organization_id: organization?.id, name: 'Mine' }],
    ['POST', '/api/models/starter/unload', {}],
    ['DELETE', '/api/models/starter/weights'],
    ['GET', '/api/status'],
    ['GET', '/api/installation'],
    ['GET', '/api/people'],
    ['POST', '/api/backups'],
    ['GET', `/api/audit?organization_id=${organization?.id}`],
  ]
  const seen = []
  for (const [method, path, body] of calls) {
    const answer = await fetch(path, {
      method,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    })
    seen.push({ call: `${method} ${path}`, status: answer.status })
  }
  return seen
}

type Got = { organizations: { id: string; projects: { id: string }[] }[]; data: { id: string }[] }
