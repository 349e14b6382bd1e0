/**
 * Reads from a JSON body the few top-level fields that decide where a request goes, without building objects, and notes
 * where the others lie that are worth keeping of a request.
 *
 * Agents resend whole conversations, so bodies of 400 kB are ordinary; parsing one costs about twice this scan, and
 * writing it again would change its bytes. Clients put `model` and `stream` anywhere, also after the messages, so the
 * whole body is read, and while at it checked: what passes here is exactly what `JSON.parse` accepts, save three things
 * that are refused because readers disagree on them: bytes that are not UTF-8, one of our fields given twice, and
 * nesting deeper than 1,000.
 *
 * Pure module.
 */
import { isUtf8 } from 'node:buffer'
import { BodyNotJson, FieldMissing, FieldOfWrongType, FieldTwice } from './errors.ts'

export type BodyHead = {
  model: string
  /** Byte range of the value of `model`. */
  modelAt: { start: number; end: number }
  stream: boolean
  /** As sent; null when absent or not a whole number (the engine says what is wrong with it). */
  maxTokens: number | null
  maxCompletionTokens: number | null
  n: number | null
  /** `stream_options.include_usage` is `true`. */
  includeUsage: boolean
  /** Byte range of the value of `stream_options`; null = absent. */
  streamOptions: { start: number; end: number } | null
  /** Where the values of other fields lie that are worth noting of a request; those that are absent are not in it. */
  noted: ReadonlyMap<NotedField, NotedValue>
}

/** A value in the body, unread. `length`: how many elements it has, where it is a list; else null. */
export type NotedValue = { start: number; end: number; length: number | null }

const NOTED = [
  'messages',
  'prompt',
  'input',
  'tools',
  'stop',
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'typical_p',
  'presence_penalty',
  'frequency_penalty',
  'repetition_penalty',
  'repeat_penalty',
  'seed',
  'logprobs',
  'top_logprobs',
  'ignore_eos',
  'echo',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'reasoning',
  'enable_thinking',
  'thinking',
  'chat_template_kwargs',
  'dimensions',
  'encoding_format',
  'prompt_cache_key',
  'user',
] as const
export type NotedField = (typeof NOTED)[number]

const DECISIVE = ['model', 'stream', 'max_tokens', 'max_completion_tokens', 'n', 'stream_options'] as const
type DecisiveField = (typeof DECISIVE)[number]
const TOP_LEVEL = new Map<string, DecisiveField | NotedField>([...DECISIVE, ...NOTED].map((name) => [name, name]))
/** Nothing is decided by these, so that one given twice is the engine's to judge; the last one is noted, as parsers do. */
const MAY_REPEAT: ReadonlySet<string> = new Set(NOTED)
const IN_STREAM_OPTIONS = new Map([['include_usage', 'include_usage' as const]])
const NAMELESS = new Map<string, never>()
const DEPTH_MAX = 1000

/**
 * @throws BodyNotJson · FieldMissing (`model`) · FieldOfWrongType (`model`, `stream`) · FieldTwice
 */
export function scanBody(body: Buffer): BodyHead {
  if (!isUtf8(body)) throw new BodyNotJson({ at: firstNotUtf8(body), trouble: 'bytes that are not UTF-8' })
  const scanner = new JsonScanner(body)
  const noted = new Map<NotedField, NotedValue>()
  const found: Omit<BodyHead, 'model'> & { model: string | null } = {
    model: null,
    modelAt: { start: 0, end: 0 },
    stream: false,
    maxTokens: null,
    maxCompletionTokens: null,
    n: null,
    includeUsage: false,
    streamOptions: null,
    noted,
  }
  scanner.space()
  scanner.members(TOP_LEVEL, MAY_REPEAT, (name) => {
    switch (name) {
      case 'model': {
        const start = scanner.at
        found.model = scanner.stringOrNull('model')
        found.modelAt = { start, end: scanner.at }
        break
      }
      case 'stream':
        found.stream = scanner.booleanOrNull('stream') ?? false
        break
      case 'max_tokens':
        found.maxTokens = scanner.wholeNumberOrNull()
        break
      case 'max_completion_tokens':
        found.maxCompletionTokens = scanner.wholeNumberOrNull()
        break
      case 'n':
        found.n = scanner.wholeNumberOrNull()
        break
      case 'stream_options': {
        const start = scanner.at
        if (scanner.isAtObject()) {
          scanner.members(IN_STREAM_OPTIONS, NAMELESS, () => {
            found.includeUsage = scanner.skipped() === 'true'
          })
        } else scanner.value()
        found.streamOptions = { start, end: scanner.at }
        break
      }
      default: {
        const start = scanner.at
        const length = scanner.listLength()
        noted.set(name, { start, end: scanner.at, length })
      }
    }
  })
  scanner.end()
  if (found.model === null) throw new FieldMissing({ param: 'model' })
  return { ...found, model: found.model }
}

/** Decoding puts U+FFFD for what is no character: the first byte that is different once written again is the one. */
function firstNotUtf8(bytes: Buffer): number {
  const again = Buffer.from(bytes.toString('utf8'))
  return bytes.findIndex((byte, at) => byte !== again[at])
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** Short strings, which most are, would only pay for the other way. */
const LONG_STRING_BYTES = 256
// Four bytes in one number. https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
const ONES = 0x01010101
const SPACES = 0x20202020
const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c
const HIGHEST_BITS = 0x80808080 | 0
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const ZERO = 0x30
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const LETTER_U = 0x75

/** 1 for each byte that may follow a backslash. */
const ESCAPABLE = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrtu'.includes(String.fromCharCode(byte)) ? 1 : 0,
)
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => (/[0-9a-fA-F]/.test(String.fromCharCode(byte)) ? 1 : 0))
const LITERALS = new Map([
  [0x74, 'true'],
  [0x66, 'false'],
  [0x6e, 'null'],
])

/** One pass over the bytes; `at` is the next byte to read. Reading past the end gives `undefined`, which fits nowhere. */
class JsonScanner {
  at = 0
  readonly #bytes: Buffer
  /** The memory that the bytes lie in; made for the first long string. */
  #words: Int32Array | null = null

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  isAtObject(): boolean {
    return this.#bytes[this.at] === OPEN_BRACE
  }

  space(): void {
    const bytes = this.#bytes
    let byte = bytes[this.at]
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.at]
  }

  end(): void {
    this.space()
    if (this.at < this.#bytes.length) this.#refuse('something after the end')
  }

  /**
   * Walks an object. `take` is called at the value of each wanted key and must read it; other values are skipped.
   * @throws FieldTwice for a wanted key that comes again, unless it `mayRepeat`
   */
  members<Name extends string>(
    wanted: ReadonlyMap<string, Name>,
    mayRepeat: { has(name: string): boolean },
    take: (name: Name) => void,
  ): void {
    this.#expect(OPEN_BRACE, 'something that is not an object')
    this.space()
    if (this.#bytes[this.at] === CLOSE_BRACE) {
      this.at++
      return
    }
    const seen = new Set<Name>()
    do {
      this.space()
      const name = this.#key(wanted)
      this.space()
      if (name === undefined) {
        this.value()
      } else {
        if (seen.has(name) && !mayRepeat.has(name)) throw new FieldTwice({ param: name })
        seen.add(name)
        take(name)
      }
      this.space()
    } while (this.#bytes[this.at++] === COMMA)
    this.at--
    this.#expect(CLOSE_BRACE, 'an object that goes on without a comma')
  }

  /** Checks and skips one value. @returns how many elements it has, where it is a list */
  listLength(): number | null {
    const bytes = this.#bytes
    if (bytes[this.at] !== OPEN_BRACKET) {
      this.value()
      return null
    }
    this.at++
    this.space()
    if (bytes[this.at] === CLOSE_BRACKET) {
      this.at++
      return 0
    }
    for (let length = 1; ; length++) {
      this.value(DEPTH_MAX - 1)
      this.space()
      const byte = bytes[this.at]
      if (byte !== COMMA && byte !== CLOSE_BRACKET) this.#refuse('a list or object that goes on without a comma')
      this.at++
      if (byte === CLOSE_BRACKET) return length
    }
  }

  /** Checks and skips one value of any kind. Nesting is a list, not recursion: depth must not cost the stack. */
  value(depthMax = DEPTH_MAX): void {
    const bytes = this.#bytes
    const closers: number[] = []
    for (;;) {
      this.space()
      const byte = bytes[this.at]
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        const closer = byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
        this.at++
        this.space()
        if (bytes[this.at] !== closer) {
          if (closers.push(closer) > depthMax) this.#refuse(`nesting deeper than ${DEPTH_MAX}`)
          if (closer === CLOSE_BRACE) this.#key(NAMELESS)
          continue
        }
        this.at++
      } else this.#scalar(byte)
      if (this.#closed(closers)) return
    }
  }

  /** Skips one value and gives its text if it is short, else ''. */
  skipped(): string {
    const start = this.at
    this.value()
    return this.at - start <= 32 ? this.#bytes.toString('latin1', start, this.at) : ''
  }

  stringOrNull(param: string): string | null {
    const start = this.at
    if (this.#bytes[start] === QUOTE) {
      this.#string()
      return JSON.parse(this.#bytes.toString('utf8', start, this.at)) as string
    }
    if (this.skipped() === 'null') return null
    throw new FieldOfWrongType({ param, wanted: 'a string' })
  }

  booleanOrNull(param: string): boolean | null {
    const text = this.skipped()
    if (text === 'null') return null
    if (text === 'true' || text === 'false') return text === 'true'
    throw new FieldOfWrongType({ param, wanted: 'true or false' })
  }

  wholeNumberOrNull(): number | null {
    const text = this.skipped()
    if (!/^[-\d]/.test(text)) return null
    const number = Number(text)
    return Number.isSafeInteger(number) ? number : null
  }

  /** After a value: closes what ends here. @returns whether the outermost value is complete */
  #closed(closers: number[]): boolean {
    while (closers.length > 0) {
      this.space()
      const byte = this.#bytes[this.at++]
      const closer = closers.at(-1)
      if (byte === closer) closers.pop()
      else if (byte !== COMMA) {
        this.at--
        this.#refuse('a list or object that goes on without a comma')
      } else {
        if (closer === CLOSE_BRACE) {
          this.space()
          this.#key(NAMELESS)
        }
        return false
      }
    }
    return true
  }

  #key<Name extends string>(wanted: ReadonlyMap<string, Name>): Name | undefined {
    const start = this.at
    if (this.#bytes[start] !== QUOTE) this.#refuse('a key without quotes')
    const escaped = this.#string()
    const end = this.at
    this.space()
    this.#expect(COLON, 'a key without a colon')
    if (wanted.size === 0) return undefined
    // An escaped key such as "mod\u0065l" is `model` to every parser behind us, so it must be to us.
    const text: string = escaped
      ? JSON.parse(this.#bytes.toString('utf8', start, end))
      : this.#bytes.toString('latin1', start + 1, end - 1)
    return wanted.get(text)
  }

  #scalar(byte: number | undefined): void {
    if (byte === QUOTE) {
      this.#string()
    } else if (byte === MINUS || isDigit(byte)) {
      this.#number()
    } else {
      const literal = LITERALS.get(byte ?? 0)
      if (literal === undefined) this.#refuse('a value that is none')
      for (let i = 0; i < literal.length; i++) {
        if (this.#bytes[this.at] !== literal.charCodeAt(i)) this.#refuse('a word that is not true, false or null')
        this.at++
      }
    }
  }

  /** @returns whether it holds an escape */
  #string(): boolean {
    const bytes = this.#bytes
    let at = this.at + 1
    let escaped = false
    for (;;) {
      let byte = bytes[at]
      const longAt = at + LONG_STRING_BYTES
      // Three comparisons beat a table of 256 here, by half.
      while ((byte as number) >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) {
        byte = bytes[++at]
        if (at !== longAt) continue
        at = this.#plainUntil(at)
        byte = bytes[at]
      }
      if (byte === QUOTE) {
        this.at = at + 1
        return escaped
      }
      this.at = at
      if (byte !== BACKSLASH)
        this.#refuse(byte === undefined ? 'a string without an end' : 'a control character in a string')
      escaped = true
      const letter = bytes[at + 1] as number
      if (ESCAPABLE[letter] !== 1) this.#refuse('an unknown escape')
      if (letter === LETTER_U) {
        for (let i = 2; i < 6; i++) if (HEX[bytes[at + i] as number] !== 1) this.#refuse('an unknown escape')
        at += 6
      } else at += 2
    }
  }

  /**
   * Passes over what is plain within a string, four bytes at a time, which takes half the time of one at a time.
   * @returns a place before the first byte that is not, or at the end: whoever goes on looks at each byte from there
   */
  #plainUntil(from: number): number {
    const { buffer, byteOffset, length } = this.#bytes
    this.#words ??= new Int32Array(buffer, 0, buffer.byteLength >> 2)
    const words = this.#words
    const first = (byteOffset + from + 3) >> 2
    if (!this.#isPlain(from, first * 4 - byteOffset)) return from
    const end = (byteOffset + length) >> 2
    let at = first
    for (; at < end; at++) {
      const word = words[at] as number
      const quotes = word ^ QUOTES
      const backslashes = word ^ BACKSLASHES
      // The highest bit of a byte is set where it is below 0x20, or where its difference from what is sought is below 1.
      const found = ((word - SPACES) & ~word) | ((quotes - ONES) & ~quotes) | ((backslashes - ONES) & ~backslashes)
      if ((found & HIGHEST_BITS) !== 0) break
    }
    return Math.max(from, at * 4 - byteOffset)
  }

  #isPlain(from: number, to: number): boolean {
    for (let at = from; at < to; at++) {
      const byte = this.#bytes[at]
      if (byte === undefined || byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return false
    }
    return true
  }

  #number(): void {
    const bytes = this.#bytes
    if (bytes[this.at] === MINUS) this.at++
    if (bytes[this.at] === ZERO) this.at++
    else this.#digits()
    if (bytes[this.at] === POINT) {
      this.at++
      this.#digits()
    }
    const byte = bytes[this.at]
    if (byte === 0x65 || byte === 0x45) {
      const sign = bytes[++this.at]
      if (sign === PLUS || sign === MINUS) this.at++
      this.#digits()
    }
  }

  #digits(): void {
    if (!isDigit(this.#bytes[this.at])) this.#refuse('a number without digits')
    while (isDigit(this.#bytes[this.at])) this.at++
  }

  #expect(byte: number, trouble: string): void {
    if (this.#bytes[this.at] !== byte) this.#refuse(trouble)
    this.at++
  }

  #refuse(trouble: string): never {
    throw new BodyNotJson({ at: this.at, trouble })
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39
}
