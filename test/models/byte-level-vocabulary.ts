/**
 * A small byte-level BPE vocabulary of the GPT-2 kind, which both Qwen and DeepSeek use: 256 byte tokens, then merges
 * learnt from the text below, then the model family's special tokens.
 *
 * Bytes are spelt as printable letters (`Ġ` is a space, `Ċ` a newline), as in every vocabulary of this kind.
 * The spelling: https://github.com/openai/gpt-2/blob/master/src/encoder.py, `bytes_to_unicode`.
 */

import { f32s, type GgufValue, i32s, text, texts } from './gguf-writer.ts'

/** `llama_token_type`. `userDefined` tokens are found in text like control tokens, yet always show their text. */
export const TOKEN_TYPES = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

export type SpecialToken = { text: string; type: 'control' | 'userDefined' }

/** A token that a tokenizer treats as a command; its text is not shown. */
export function control(text: string): SpecialToken {
  return { text, type: 'control' }
}

/** A token that stands for itself and is shown: tags that a reader of the answer looks for. */
export function visible(text: string): SpecialToken {
  return { text, type: 'userDefined' }
}

export type Vocabulary = {
  tokens: string[]
  types: number[]
  merges: string[]
  /** @throws Error there is no such token */
  id(token: string): number
}

export function byteLevelVocabulary(specials: readonly SpecialToken[]): Vocabulary {
  const merges = learnMerges(CORPUS, MERGES)
  const plain = [...BYTE_LETTERS, ...merges.map(([left, right]) => left + right)]
  const tokens = [...plain, ...specials.map((special) => special.text)]
  const types = [...plain.map(() => TOKEN_TYPES.normal), ...specials.map(({ type }) => TOKEN_TYPES[type])]
  return {
    tokens,
    types,
    merges: merges.map((pair) => pair.join(' ')),
    id(token) {
      const index = tokens.indexOf(token)
      if (index < 0) throw new Error(`no token ${token} in this vocabulary`)
      return index
    },
  }
}

/** The metadata keys that carry a byte-level vocabulary. @param pre name of the splitting rules, `tokenizer.ggml.pre` */
export function vocabularyMetadata({ tokens, types, merges }: Vocabulary, pre: string): [string, GgufValue][] {
  return [
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text(pre)],
    ['tokenizer.ggml.tokens', texts(tokens)],
    ['tokenizer.ggml.scores', f32s(tokens.map(() => 0))],
    ['tokenizer.ggml.token_type', i32s(types)],
    ['tokenizer.ggml.merges', texts(merges)],
  ]
}

/**
 * Rows of the output matrix that should stay quiet: special tokens, so that greedy decoding never ends or opens a tool
 * call by chance, and bytes outside ASCII, so that random text stays mostly readable. Their logit is 0, which leaves
 * them a fair chance only where a grammar or a bias asks for them.
 */
export function quietTokens({ tokens, types }: Vocabulary): number[] {
  const outsideAscii = (token: string) => [...token].some((letter) => BYTE_LETTERS.indexOf(letter) >= 0x7f)
  const control = (token: string) => BYTE_LETTERS.indexOf(token) >= 0 && BYTE_LETTERS.indexOf(token) < 0x20
  return tokens.flatMap((token, id) =>
    types[id] !== TOKEN_TYPES.normal || outsideAscii(token) || control(token) ? [id] : [],
  )
}

/** The letter that stands for each byte: itself where it prints, else the next free one from U+0100 on. */
const BYTE_LETTERS: readonly string[] = (() => {
  const prints = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
  let spare = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(prints(byte) ? byte : spare++))
})()

type Pair = readonly [left: string, right: string]

/** Plain BPE training: joins the most frequent neighbours, the earliest seen among equals, again and again. */
function learnMerges(corpus: string, count: number): Pair[] {
  const words = (corpus.match(/ ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+/gu) ?? []).map((word) =>
    [...Buffer.from(word)].map((byte) => BYTE_LETTERS[byte]!),
  )
  return Array.from({ length: count }, () => {
    const best = mostFrequentPair(words)
    for (const word of words) join(word, best)
    return best
  })
}

function mostFrequentPair(words: readonly string[][]): Pair {
  const counts = new Map<string, { pair: Pair; count: number }>()
  for (const word of words)
    for (let at = 0; at + 1 < word.length; at++) {
      const pair = [word[at]!, word[at + 1]!] as const
      const seen = counts.get(pair.join(' '))
      if (seen) seen.count++
      else counts.set(pair.join(' '), { pair, count: 1 })
    }
  let best: { pair: Pair; count: number } | undefined
  for (const candidate of counts.values()) if (!best || candidate.count > best.count) best = candidate
  if (!best) throw new Error('the text is too short for so many merges')
  return best.pair
}

function join(word: string[], [left, right]: Pair): void {
  for (let at = 0; at + 1 < word.length; at++) {
    if (word[at] === left && word[at + 1] === right) word.splice(at, 2, left + right)
  }
}

const MERGES = 320

const CORPUS = `
The quick brown fox jumps over the lazy dog while the weather in the city of Paris is warm and sunny today.
You are a helpful assistant. You may call one or more functions to assist with the user query, and you answer in JSON.
# Tools: for each function call, return a json object with function name and arguments within tags.
{"name": "get_weather", "arguments": {"city": "Paris", "unit": "celsius"}} {"type": "object", "properties": {}}
{"type": "function", "function": {"name": "search", "description": "Search the web", "parameters": {"required": []}}}
What is the temperature in London? It will rain tomorrow, so please take an umbrella with you when you go there.
A model reads the words that come before and guesses the next word; then it reads them all again and guesses another.
function add(left, right) { return left + right; } const total = values.reduce((sum, value) => sum + value, 0);
Once upon a time there was a trader who sailed with the wind from port to port, buying here and selling there.
Every order has a price, every price has a currency, and every invoice says what was used and what it cost.
`
