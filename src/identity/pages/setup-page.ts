import { html } from '../../platform/markup.ts'
import type { SetupDone } from '../setup.ts'
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, type SetupForm, type SetupProblems } from '../setup-form.ts'
import { environmentSample, firstCallTabs, shellBlock } from './code-samples.ts'
import { alert, field, page, sign } from './frame.ts'

export type SetupPageParts = { token: string; form: Partial<SetupForm>; problems: SetupProblems }

const LABELS: Record<keyof SetupForm, string> = {
  name: 'Your name',
  email: 'E-mail',
  password: 'Password',
  organization: 'Organisation',
}

/** Asks who will run this installation. */
export function setupPage({ token, form, problems }: SetupPageParts): string {
  const wrong = (Object.keys(LABELS) as (keyof SetupForm)[]).filter((name) => problems[name] !== undefined)
  const fieldOf = (name: keyof SetupForm) => ({
    name,
    label: LABELS[name],
    ...(problems[name] ? { problem: problems[name] } : {}),
    focus: name === (wrong[0] ?? 'name'),
  })
  return page({
    title: 'Set up',
    main: html`<div class="cols"><div>
<div class="title"><h1>Set up this installation</h1><p>You become its operator and the owner of its first organisation. It takes a minute and is done once.</p></div>
${wrong.length > 0 && alert(html`Nothing was made yet. Look again at ${wrong.map((name, at) => html`${at > 0 ? ', ' : ''}<a href="#${name}">${LABELS[name].toLowerCase()}</a>`)}.`)}
<form method="post" action="/setup">
<input type="hidden" name="token" value="${token}">
${field({ ...fieldOf('name'), type: 'text', autocomplete: 'name', value: form.name ?? '', maxlength: 100 })}
${field({ ...fieldOf('email'), type: 'email', autocomplete: 'username', value: form.email ?? '', maxlength: 254, help: 'You sign in with it. Nothing is sent to it.' })}
${field({ ...fieldOf('password'), type: 'password', autocomplete: 'new-password', minlength: PASSWORD_LENGTH_MIN, maxlength: PASSWORD_LENGTH_MAX, help: `At least ${PASSWORD_LENGTH_MIN} characters; a few words in a row are good. Only its hash is stored.` })}
${field({ ...fieldOf('organization'), type: 'text', autocomplete: 'organization', value: form.organization ?? '', maxlength: 100, help: 'Who pays and owns the keys. Your own name will do.' })}
<div class="acts"><button class="btn primary">Set up</button></div>
</form></div>
<aside class="aside"><h2>What this makes</h2><ul>
<li><b>You</b>, who may run everything here</li>
<li><b>An organisation</b> with a first project</li>
<li><b>An API key</b>, shown once on the next page with a first call to paste</li>
</ul>
<h2>Where it goes</h2><p>Into the database of this installation, and nowhere else.</p></aside></div>`,
  })
}

export type SetupDoneParts = { done: SetupDone; signedIn: boolean; publicUrl: string; model: string; status: string }

/** Shows the first key, once, and the first call. */
export function setupDonePage({ done, signedIn, publicUrl, model, status }: SetupDoneParts): string {
  const baseUrl = `${publicUrl}/v1`
  return page({
    title: 'Ready',
    bar: html`<div class="push"><a class="btn small" href="${signedIn ? '/' : '/sign-in'}">${signedIn ? 'Go on' : 'Sign in'}</a></div>`,
    main: html`<div class="cols"><div>
<div class="title"><h1>${done.organization.name} is ready</h1><p class="state"><span class="good">${sign('disc')}</span>${status}</p></div>
<section class="section"><h2>Your first key</h2>
<div class="secret"><code>${done.secret}</code></div>
<p class="help">Copy it now. It is shown once; only its hash is stored.</p></section>
<section class="section"><h2>1. Tell your shell</h2>
<p>Every program that speaks OpenAI’s API looks for these two.</p>
${shellBlock(environmentSample({ baseUrl, secret: done.secret }), 'Environment')}</section>
<section class="section"><h2>2. Make the first call</h2>
<p>The official packages need no other setting.</p>
${firstCallTabs(model)}</section></div>
<aside class="aside"><h2>What to do next</h2><ul>
<li><a href="/docs">Read the API reference</a></li>
<li>See which models fit this machine:<br><code>npm run tradewind -- models list</code></li>
<li>Make a key for each program, so that each can be revoked alone:<br><code>npm run tradewind -- keys create &lt;name&gt;</code></li>
</ul>
<h2>This key</h2><p>Belongs to ${done.project.name}, may name every model, and does not expire. Revoke it at any time:<br><code>npm run tradewind -- keys revoke ${done.key.id}</code></p></aside></div>`,
  })
}
