import { html } from '../../platform/markup.ts'
import { alert, field, page } from './frame.ts'

export type SignInPageParts = { email: string; next: string; problem: string | null }

export function signInPage({ email, next, problem }: SignInPageParts): string {
  return page({
    title: 'Sign in',
    main: html`<div class="narrow"><div class="title"><h1>Sign in</h1></div>
${problem !== null && alert(problem)}
<form method="post" action="/sign-in">
<input type="hidden" name="next" value="${next}">
${field({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'username', value: email, maxlength: 254, focus: email === '' })}
${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', maxlength: 128, focus: email !== '' })}
<div class="acts"><button class="btn primary wide">Sign in</button></div>
</form></div>`,
  })
}
