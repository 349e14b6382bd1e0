/**
 * Where a long text may be cut so that the slices, tokenised one by one, give the tokens of the whole.
 *
 *   'The quick brown fox' ─► 'The quick', ' brown fox'        never inside a word, a run of spaces or a control token
 *
 * Tokenising runs on the thread that serves every request, at about a microsecond a byte, and the library's search for
 * control tokens is quadratic in their number. Slices keep one long prompt from holding up everybody else.
 *
 * A cut is exact where no piece of the vocabulary spells the two characters beside it together (a merge can then never
 * cross it) and where every splitter of words that we know cuts as well. Text without any such place (one run of 24 Ki
 * characters) is cut anyway: its tokens still spell the same text, though perhaps not in the shortest way.
 */
import { tokenBytes, type VocabularyData } from './vocabulary.ts'

export type TextSlicer = (text: string, special: boolean, sliceLength?: number) => Generator<string>

/** UTF-16 units of an ordinary slice, about 5 ms of work. */
export const SLICE_LENGTH = 8 * 1024
/** How far to look for an exact cut before cutting anyhow. */
export const SLICE_LENGTH_MAX = 24 * 1024

const LETTER = /\p{L}/u
const PUNCTUATION_OF_CJK = new Set('，。、！？；：')
/** Texts of control tokens that cannot overlap each other. */
const TAG = /<[^<>\s]{1,64}>/y

/** What a tokeniser does with text, as far as cuts depend on it. */
export type SlicingFacts = {
  /** Pairs of characters that some piece of the vocabulary spells together. */
  joined: ReadonlySet<string>
  /** Tags that are one token each when control tokens are read. */
  tags: ReadonlySet<string>
  /** Whether each text gets a space in front: a cut before a space then leaves the space out. */
  addsSpace: boolean
  /** Whether line breaks and punctuation stand for themselves; false where text is normalised first. */
  literal: boolean
}

export function textSlicer(facts: SlicingFacts): TextSlicer {
  return function* slices(text, special, sliceLength = SLICE_LENGTH) {
    let from = 0
    while (text.length - from > sliceLength) {
      const cut = nextCut(text, from, sliceLength, special, facts)
      if (cut >= text.length) break
      yield text.slice(from, cut)
      from = facts.addsSpace && text[cut] === ' ' ? cut + 1 : cut
    }
    yield text.slice(from)
  }
}

/** Reads once per model what cuts depend on. @param addsSpace the header's `add_space_prefix` */
export function slicingFacts(vocabulary: VocabularyData, addsSpace: boolean): SlicingFacts {
  const joined = new Set<string>()
  const tags = new Set<string>()
  const decoder = new TextDecoder()
  for (const [token, raw] of vocabulary.texts.entries()) {
    const isSpecial = [2, 3, 4].includes(vocabulary.types[token] ?? 1)
    if (isSpecial && /^<[^<>\s]{1,64}>$/.test(raw)) tags.add(raw)
    if (raw.length < 2) continue
    const piece = decoder.decode(tokenBytes(vocabulary, token, true))
    for (let at = 1; at < piece.length; at++) {
      if (piece[at] === ' ' || piece[at - 1] === '\n' || PUNCTUATION_OF_CJK.has(piece[at] as string)) {
        joined.add(piece.slice(at - 1, at + 1))
      }
    }
  }
  const literal = vocabulary.kind === 'gpt2' || (vocabulary.kind === 'llama' && !addsSpace)
  return { joined, tags, addsSpace, literal }
}

function nextCut(text: string, from: number, sliceLength: number, special: boolean, facts: SlicingFacts): number {
  for (let at = from + sliceLength; at > from + 1; at--) if (isExactCut(text, at, special, facts)) return at
  const furthest = Math.min(from + SLICE_LENGTH_MAX, text.length)
  for (let at = from + sliceLength + 1; at < furthest; at++) if (isExactCut(text, at, special, facts)) return at
  const isLowSurrogate = /[\udc00-\udfff]/.test(text[furthest] ?? '')
  return isLowSurrogate ? furthest - 1 : furthest
}

/** Whether a cut just before `text[at]` changes no token. */
function isExactCut(text: string, at: number, special: boolean, facts: SlicingFacts): boolean {
  const before = text[at - 1] as string
  const after = text[at] as string
  if (special && after === '<' && before > ' ') {
    TAG.lastIndex = at
    const tag = TAG.exec(text)?.[0]
    return tag !== undefined && facts.tags.has(tag)
  }
  if (after === ' ') return isLetter(before) && isLetter(text[at + 1]) && !facts.joined.has(before + after)
  if (!facts.literal) return false
  // A splitter that looks ahead treats the last of several spaces apart, so the line break must stand alone.
  if (before === '\n') return isLetter(after) && (text[at - 2] ?? ' ') > ' ' && !facts.joined.has(before + after)
  return PUNCTUATION_OF_CJK.has(after) && isLetter(before) && !facts.joined.has(before + after)
}

function isLetter(unit: string | undefined): boolean {
  return unit !== undefined && LETTER.test(unit)
}
