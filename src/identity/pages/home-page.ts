import { html } from '../../platform/markup.ts'
import type { Organization } from '../organizations.ts'
import type { PersonCaller } from '../rules.ts'
import { shellBlock } from './code-samples.ts'
import { page, sign } from './frame.ts'

export type HomePageParts = {
  person: PersonCaller
  organizations: Organization[]
  publicUrl: string
  /** What runs; null where this person may not know. */
  status: string | null
}

/** What a person sees after signing in, as long as there is no console. */
export function homePage({ person, organizations, publicUrl, status }: HomePageParts): string {
  const names = new Map(organizations.map(({ id, name }) => [id, name]))
  return page({
    title: 'Home',
    bar: html`<div class="push"><span class="who">${person.email}</span><form method="post" action="/sign-out"><button class="btn small">Sign out</button></form></div>`,
    main: html`<div class="cols"><div>
<div class="title"><h1>Tradewind is running</h1>${status !== null && html`<p class="state"><span class="good">${sign('disc')}</span>${status}</p>`}</div>
<section><h2>Call it</h2>
<dl class="facts"><dt>Address</dt><dd><code>${publicUrl}/v1</code></dd><dt>Speaks</dt><dd>OpenAI’s API, for its official packages and every program that uses them</dd><dt>Reference</dt><dd><a href="/docs">${publicUrl}/docs</a></dd></dl></section>
${person.operator ? COMMANDS : ASK}</div>
<aside class="aside"><h2>You</h2><ul>
<li><b>${person.name}</b></li>
${person.operator && html`<li>Operator of this installation</li>`}
${person.memberships.map(({ organizationId, role }) => html`<li>${ROLE_NAMES[role]} of ${names.get(organizationId) ?? organizationId}</li>`)}
</ul></aside></div>`,
  })
}

const ROLE_NAMES = { owner: 'Owner', admin: 'Admin', developer: 'Developer', viewer: 'Viewer' } as const

const COMMANDS = html`<section class="section"><h2>Keys</h2>
<p>One for each program, so that each can be revoked alone. On the machine that runs Tradewind, in its folder:</p>
${shellBlock(
  [
    'npm run tradewind -- keys create web',
    'npm run tradewind -- keys list',
    'npm run tradewind -- keys revoke <id>',
  ].join('\n'),
  'Commands for keys',
)}</section>
<section class="section"><h2>Models</h2>
<p>See what fits this machine, fetch it, load it:</p>
${shellBlock(
  [
    'npm run tradewind -- models list',
    'npm run tradewind -- models pull <id>',
    'npm run tradewind -- models load <id>',
  ].join('\n'),
  'Commands for models',
)}</section>`

/** Who does not run the machine cannot use its command line. */
const ASK = html`<section class="section"><h2>Keys</h2>
<p>Make one with <code>POST /api/keys</code> (see the reference), or ask an operator of this installation.</p></section>`
