/**
 * HTML as a template: what is put in is text and gets escaped, unless it is markup already. So nothing that a person
 * typed can become a tag.
 *
 *     html`<p>${name}</p>`
 */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Markup | readonly Part[] | null | false

export function html(parts: TemplateStringsArray, ...values: Part[]): Markup {
  return new Markup(parts.reduce((text, part, at) => text + part + (at < values.length ? textOf(values[at]!) : ''), ''))
}

function textOf(value: Part): string {
  if (value === null || value === false) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'object') return value.map(textOf).join('')
  return escaped(String(value))
}

const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => NAMED[character]!)
}
