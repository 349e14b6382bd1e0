import { html, type Markup } from '../../platform/markup.ts'

/** The little Markdown that descriptions use: paragraphs and `code`. */
export function prose(text: string): Markup {
  return html`${text.split(/\n{2,}/).map((paragraph) => html`<p>${inline(paragraph)}</p>`)}`
}

export function inline(text: string): Markup {
  return html`${text.split(/(`[^`]+`)/).map((part) => (/^`[^`]+`$/.test(part) ? html`<code>${part.slice(1, -1)}</code>` : part))}`
}
