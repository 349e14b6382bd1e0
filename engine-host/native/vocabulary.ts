/**
 * Text to tokens and back, from the model's vocabulary.
 *
 * The library's detokeniser answers with JavaScript strings, so half a character becomes U+FFFD and is lost, and it drops
 * the leading space of the first token of a SentencePiece model. Streams need the exact bytes of one token, so
 * they are worked out here from the vocabulary's own texts, as llama.cpp's `token_to_piece` does:
 * byte-level BPE spells each byte as a printable character, SentencePiece writes spaces as U+2581 and odd bytes as `<0xE2>`.
 */
import type { LlamaModel } from 'node-llama-cpp'
import type { Token } from '../token-engine.ts'

/** Values of `tokenizer.ggml.token_type`. */
const TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

export type VocabularyData = {
  /** `tokenizer.ggml.model`: `gpt2` = byte-level BPE, `llama`, `t5`, `bert` = spaces as U+2581. */
  kind: string
  texts: readonly string[]
  /** One per text; a vocabulary without types holds normal tokens only. */
  types: readonly number[]
}

const encoder = new TextEncoder()
const NOTHING = new Uint8Array(0)

/** Bytes of one token. Control tokens have none unless `special`; a number outside the vocabulary has none. */
export function tokenBytes({ kind, texts, types }: VocabularyData, token: Token, special: boolean): Uint8Array {
  const text = texts[token]
  if (text === undefined) return NOTHING
  const type = types[token] ?? TYPE.normal
  if (type === TYPE.control || type === TYPE.unknown) return special ? encoder.encode(text) : NOTHING
  if (type === TYPE.userDefined) return encoder.encode(text)
  if (kind === 'gpt2') return byteLevelBytes(text)
  const byte = type === TYPE.byte ? /^<0x([0-9A-Fa-f]{2})>$/.exec(text)?.[1] : undefined
  if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16))
  return encoder.encode(text.replaceAll('\u2581', ' '))
}

/**
 * Bytes that one token can stand for at most, so that a longer text cannot have fewer tokens than its bytes divided by this.
 * Infinite where a token may stand for any length: words that are not known, spaces that are dropped.
 */
export function tokenBytesMax(vocabulary: VocabularyData): number {
  const { kind, texts, types } = vocabulary
  const knowsEveryByte = kind === 'gpt2' || (kind === 'llama' && types.includes(TYPE.byte))
  if (!knowsEveryByte || texts.length === 0) return Number.POSITIVE_INFINITY
  return texts.reduce((most, text, token) => {
    // No spelling takes fewer UTF-16 units than a third of its bytes.
    return text.length * 3 <= most ? most : Math.max(most, tokenBytes(vocabulary, token, true).length)
  }, 1)
}

/** Texts that a prompt turns into control tokens, which say nothing but steer. */
export function controlTexts({ texts, types }: VocabularyData): ReadonlySet<string> {
  return new Set(texts.filter((_, token) => types[token] === TYPE.control || types[token] === TYPE.unknown))
}

/** Reads the vocabulary out of a loaded model's header. */
export function vocabularyOf(model: LlamaModel): VocabularyData {
  const ggml = model.fileInfo.metadata.tokenizer?.ggml
  return {
    kind: ggml?.model ?? 'none',
    texts: (ggml?.tokens as readonly string[] | undefined) ?? [],
    types: (ggml?.token_type as readonly number[] | undefined) ?? [],
  }
}

function byteLevelBytes(text: string): Uint8Array {
  const bytes: number[] = []
  for (const character of text) {
    const byte = BYTE_OF_CHARACTER.get(character)
    if (byte !== undefined) bytes.push(byte)
    // Some BPE vocabularies (Gemma 4) are not byte-level and write spaces as SentencePiece does.
    else bytes.push(...encoder.encode(character === '\u2581' ? ' ' : character))
  }
  return Uint8Array.from(bytes)
}

/** GPT-2's table: printable bytes stand for themselves, the others for the characters from U+0100 on, in order. */
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(
  (() => {
    const pairs: [string, number][] = []
    let next = 0x100
    for (let byte = 0; byte < 256; byte++) {
      const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
      pairs.push([String.fromCodePoint(printable ? byte : next++), byte])
    }
    return pairs
  })(),
)
