/** Tokens as they are shown: what cannot be seen has a sign, and what is a part of a character says so. Pure. */

export type TokenPiece = { id: number; text: string; kind: 'text' | 'space' | 'special' | 'part' }

const SIGNS: readonly [RegExp, string][] = [
  [/ /g, '·'],
  [/\r?\n/g, '↵'],
  [/\t/g, '⇥'],
]

/** Names that templates give to control tokens: `<|im_start|>`, `<s>`, `[INST]`. */
const SPECIAL = /^(<[|｜]?[\w▁/-]+[|｜]?>|\[\/?[A-Z_]+\])$/u

export function piecesOf(ids: readonly number[], texts: readonly string[]): TokenPiece[] {
  return ids.map((id, index) => {
    const text = texts[index] ?? ''
    if (text.includes('\uFFFD')) return { id, text: '', kind: 'part' }
    if (SPECIAL.test(text)) return { id, text, kind: 'special' }
    return { id, text: visible(text), kind: text.trim() === '' ? 'space' : 'text' }
  })
}

function visible(text: string): string {
  return SIGNS.reduce((shown, [found, sign]) => shown.replaceAll(found, sign), text)
}
