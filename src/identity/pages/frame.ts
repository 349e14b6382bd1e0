/**
 * The frame of the few plain pages that exist before the console does: no script, no file beside the page itself. The
 * policy names the one style sheet by its hash, so nothing else that ended up in a page could run or load.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { html, Markup } from '../../platform/markup.ts'

const CSS = readFileSync(new URL('./pages.css', import.meta.url), 'utf8')

const MARK =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#0b7285" stroke-width="2" stroke-linecap="round"><path d="M3 8h10a3 3 0 1 0-3-3M3 12h15a3 3 0 1 1-3 3M3 16h7a2.5 2.5 0 1 1-2.5 2.5"/></svg>'

export const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(CSS).digest('base64')}'`,
    'img-src data:',
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cache-control': 'no-store',
  // Not no-referrer: browsers would then send `Origin: null` with our own forms.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export type PageParts = {
  /** Of the window; ` · Tradewind` is added. */
  title: string
  main: Markup
  /** At the right of the bar. */
  bar?: Markup
}

/** A whole page. */
export function page({ title, main, bar }: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Tradewind</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(MARK)}">
<style>${new Markup(CSS)}</style>
</head>
<body>
<header class="bar"><a class="name" href="/">${mark()}Tradewind</a>${bar ?? null}</header>
<main>${main}</main>
</body>
</html>
`.text
}

/** A page that says one thing, such as why a link does not open. */
export function messagePage(title: string, message: Markup): string {
  return page({ title, main: html`<div class="narrow"><div class="title"><h1>${title}</h1></div>${message}</div>` })
}

function mark(): Markup {
  return html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><path d="M3 8h10a3 3 0 1 0-3-3M3 12h15a3 3 0 1 1-3 3M3 16h7a2.5 2.5 0 1 1-2.5 2.5"/></svg>`
}

export type Field = {
  name: string
  label: string
  type: 'text' | 'email' | 'password'
  autocomplete: string
  value?: string
  help?: string
  problem?: string
  minlength?: number
  maxlength: number
  focus?: boolean
}

/** A labelled field, with its help and what is wrong with it. */
export function field(of: Field): Markup {
  const describedBy = [of.problem ? `${of.name}-problem` : null, of.help ? `${of.name}-help` : null]
    .filter(Boolean)
    .join(' ')
  return html`<div class="field">
<label for="${of.name}">${of.label}</label>
<input class="input" id="${of.name}" name="${of.name}" type="${of.type}" value="${of.value ?? ''}" autocomplete="${of.autocomplete}" required maxlength="${of.maxlength}"${of.minlength ? html` minlength="${of.minlength}"` : null}${of.type === 'email' ? html` spellcheck="false" autocapitalize="none"` : null}${describedBy ? html` aria-describedby="${describedBy}"` : null}${of.problem ? html` aria-invalid="true"` : null}${of.focus ? html` autofocus` : null}>
${of.problem ? html`<p class="help bad" id="${of.name}-problem">${sign('square')}<span>${of.problem}</span></p>` : null}
${of.help ? html`<p class="help" id="${of.name}-help">${of.help}</p>` : null}
</div>`
}

/** What is wrong with the whole form, above it. */
export function alert(message: Markup | string): Markup {
  return html`<div class="note bad" role="alert">${sign('square')}<div>${message}</div></div>`
}

/** A sign with its own shape, beside a word that says the same. */
export function sign(shape: 'disc' | 'square' | 'triangle'): Markup {
  const shapes = {
    disc: html`<circle cx="6" cy="6" r="4"/>`,
    square: html`<rect x="2" y="2" width="8" height="8" rx="1"/>`,
    triangle: html`<path d="M6 1.5 11 10.5H1z"/>`,
  }
  return html`<svg class="sign" viewBox="0 0 12 12" aria-hidden="true">${shapes[shape]}</svg>`
}
