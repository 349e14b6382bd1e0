/**
 * What a name may hold. Names stand in lists, mails and terminals: a line break would begin a line that somebody else
 * wrote, ESC would command the terminal, and characters that turn the direction of writing would make one name look like
 * another. https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
 * Pure module.
 */

/** Control characters, ends of lines, and what turns the direction of writing; for between the brackets of a pattern. */
const UNPLAIN = '\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069'

/** For shapes on the wire: plain, and not of spaces alone. */
export const PLAIN_NAME_PATTERN = `^(?=.*\\S)[^${UNPLAIN}]*$`

const unplain = new RegExp(`[${UNPLAIN}]`, 'g')

export function isPlain(text: string): boolean {
  return text.search(unplain) < 0
}

/** `text` without what a name may not hold. */
export function plain(text: string): string {
  return text.replace(unplain, '')
}
