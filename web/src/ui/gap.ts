/** What stands between two sentences: nothing after Chinese punctuation, which brings its own room. Pure. */
export const gapAfter = (text: string): '' | ' ' => (/[。，、；：！？）」]$/.test(text) ? '' : ' ')

/** Sentences one after another. */
export function sentences(...all: (string | null | undefined | false)[]): string {
  return all.reduce<string>(
    (said, next) => (next ? (said === '' ? next : `${said}${gapAfter(said)}${next}`) : said),
    '',
  )
}
