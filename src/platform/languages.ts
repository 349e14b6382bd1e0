/** The languages that people are answered in, and which one a request asks for. Pure module. */

/** English is what everything is written in first, and what is said where another language has no words. */
export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

/** The language of `accept-language` that we have and that it likes best; English where it names none of ours. */
export function languageFor(acceptLanguage: string | undefined): Language {
  let best: Language = 'en'
  let bestQuality = 0
  for (const { range, quality } of rangesIn(acceptLanguage ?? '')) {
    const named = LANGUAGES.find((one) => range === one || range.startsWith(`${one}-`)) ?? (range === '*' ? 'en' : null)
    // Of two that are liked equally, the first counts.
    if (named === null || quality <= bestQuality) continue
    best = named
    bestQuality = quality
  }
  return best
}

function rangesIn(header: string): { range: string; quality: number }[] {
  return header.split(',').flatMap((part) => {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    const written = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
    const quality = written === undefined ? 1 : Number(written)
    return range !== '' && quality > 0 && quality <= 1 ? [{ range, quality }] : []
  })
}
