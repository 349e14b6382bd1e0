/**
 * What a moderator says of a text, in OpenAI's categories, and how a guard model's lines are read.
 *
 * Qwen3Guard-Gen answers in lines, and only in these:
 *
 *     Safety: Unsafe
 *     Categories: Violent, Jailbreak
 *
 * It weighs nothing, so that a score is 1 for what it calls unsafe, 0.5 for what it calls controversial, else 0. What is
 * not in those lines is no verdict: a guard that was talked into something else must not pass for one that saw nothing.
 *
 * Pure module.
 */

export type Verdict = {
  flagged: boolean
  /** By category, 0 … 1; those that are not in it are 0. */
  scores: Readonly<Record<string, number>>
}

export const OPENAI_CATEGORIES = [
  ...['harassment', 'harassment/threatening', 'hate', 'hate/threatening', 'illicit', 'illicit/violent'],
  ...['self-harm', 'self-harm/instructions', 'self-harm/intent', 'sexual', 'sexual/minors', 'violence'],
  'violence/graphic',
]

/** Qwen3Guard's names, by OpenAI's where it has the same thing; the others are told beside them. */
const CATEGORIES: ReadonlyMap<string, string> = new Map([
  ['violent', 'violence'],
  ['non-violent illegal acts', 'illicit'],
  ['sexual content or sexual acts', 'sexual'],
  ['suicide & self-harm', 'self-harm'],
  ['pii', 'pii'],
  ['personally identifiable information', 'pii'],
  ['unethical acts', 'unethical-acts'],
  ['politically sensitive topics', 'politically-sensitive-topics'],
  ['copyright violation', 'copyright-violation'],
  ['jailbreak', 'jailbreak'],
])
const SCORES = { Safe: 0, Controversial: 0.5, Unsafe: 1 } as const

/** @returns null where it is none */
export function readGuard(text: string, flagsControversial: boolean): Verdict | null {
  const found =
    /^\s*Safety: (Safe|Controversial|Unsafe)\s*\n\s*Categories: ([^\n]+?)\s*(?:\n\s*Refusal: (?:Yes|No)\s*)?$/.exec(
      text,
    )
  if (found === null) return null
  const [, safety, list = ''] = found as unknown as [string, keyof typeof SCORES, string]
  const score = SCORES[safety]
  const names = list === 'None' ? [] : list.split(',').map((name) => CATEGORIES.get(name.trim().toLowerCase()))
  if (names.includes(undefined) || (safety === 'Unsafe' && names.length === 0)) return null
  return {
    flagged: safety === 'Unsafe' || (safety === 'Controversial' && flagsControversial),
    scores: score === 0 ? {} : Object.fromEntries(names.map((name) => [name, score])),
  }
}

/** One of a list of results, as OpenAI's API tells it. */
export function resultOf({ flagged, scores }: Verdict) {
  const names = [...new Set([...OPENAI_CATEGORIES, ...Object.keys(scores)])]
  const scoreOf = (name: string) => scores[name] ?? 0
  return {
    flagged,
    categories: Object.fromEntries(names.map((name) => [name, scoreOf(name) > 0 && (flagged || scoreOf(name) >= 1)])),
    category_scores: Object.fromEntries(names.map((name) => [name, scoreOf(name)])),
    category_applied_input_types: Object.fromEntries(names.map((name) => [name, scoreOf(name) > 0 ? ['text'] : []])),
  }
}
