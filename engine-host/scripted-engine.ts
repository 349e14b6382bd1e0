/**
 * A `TokenEngine` that says what it is told: the test double for everything above the seam.
 *
 * Deterministic, no model, no native code. A script is a list of steps; a string is one token, bytes are one token
 * (perhaps a part of a character), a promise is a wait, an `EngineError` is a failure at that point. Prompts are
 * tokenised into words, so that counts and prefixes behave as with a model, and its vocabulary grows as it is used.
 */
import { textSlicer } from './native/text-slices.ts'
import {
  EngineError,
  type GeneratedToken,
  type GenerateEnd,
  type GenerateRequest,
  type GenerateResult,
  type Generation,
  type ModelFacts,
  type Token,
  type TokenEngine,
} from './token-engine.ts'

export type ScriptStep =
  /** One token of this text. Control tokens are those of `SCRIPTED_CONTROLS`. */
  | string
  | Uint8Array
  /** One token with its log-probability and alternatives. */
  | { text: string; logprob: number; top: { text: string; logprob: number }[] }
  /** Wait for this before going on; a cancelled generation does not wait. */
  | Promise<unknown>
  | EngineError

/** Called for each generation; an endless iterable runs until its token limit or a cancel. */
export type Script = (request: GenerateRequest, prompt: string) => Iterable<ScriptStep>

export type ScriptedOptions = {
  script: Script
  facts?: Partial<ModelFacts>
  /** One vector per input; absent: not an embedding model. */
  embed?: (text: string) => number[]
  /** Stands for the model's template. Default: ChatML. */
  render?: (values: Record<string, unknown>) => string
}

export type ScriptedEngine = TokenEngine & {
  /** Every request so far, in order. */
  readonly requests: readonly GenerateRequest[]
  /** Generations that have not ended. */
  readonly running: number
  readonly adapters: ReadonlySet<string>
  readonly threads: number
  /** `salt/share` of each call of forgetPrefixes. */
  readonly forgotten: readonly string[]
  readonly disposed: boolean
}

export const SCRIPTED_CONTROLS: readonly string[] = ['<s>', '<|im_start|>', '<|im_end|>', '<think>', '</think>']
const BOS: Token = 0
const EOS: Token = 2
const VOCABULARY_SIZE = 100_000

const encoder = new TextEncoder()

export function scriptedEngine(options: ScriptedOptions): ScriptedEngine {
  const vocabulary = new Vocabulary()
  const facts: ModelFacts = {
    architecture: 'scripted',
    contextTokens: 4096,
    sequences: 8,
    vocabularySize: VOCABULARY_SIZE,
    embeddingSize: 4,
    trainedContextTokens: 4096,
    bosToken: '<s>',
    eosToken: '<|im_end|>',
    chatTemplate: '{# scripted: messages, tools, tool_calls #}',
    tokenBytesMax: Number.POSITIVE_INFINITY,
    controlTexts: new Set(SCRIPTED_CONTROLS),
    ...options.facts,
  }
  const requests: GenerateRequest[] = []
  const forgotten: string[] = []
  const adapters = new Set<string>()
  const counters = { promptTokens: 0, cachedTokens: 0, generatedTokens: 0, steps: 0 }
  let running = 0
  let threads = 1
  let disposed = false

  const checkAdapter = (name: string | null) => {
    if (name !== null && !adapters.has(name)) {
      throw new EngineError('engine.adapter_unknown', `The adapter '${name}' is not loaded.`)
    }
  }

  async function run(
    request: GenerateRequest,
    cancelled: { now: boolean; when: Promise<void> },
    onToken: (token: GeneratedToken) => void,
  ): Promise<GenerateResult> {
    let generated = 0
    const result = (end: GenerateEnd): GenerateResult => {
      counters.promptTokens += request.prompt.length
      counters.generatedTokens += generated
      return {
        end,
        promptTokens: request.prompt.length,
        cachedTokens: 0,
        generatedTokens: generated,
        queueMs: 0,
        prefillMs: 0,
        decodeMs: generated,
      }
    }
    const prompt = vocabulary.text(request.prompt)
    for (const step of options.script(request, prompt)) {
      await new Promise((resolve) => setImmediate(resolve))
      if (step instanceof Promise) await Promise.race([step, cancelled.when])
      if (cancelled.now) return result('cancelled')
      if (step instanceof Promise) continue
      if (step instanceof EngineError) throw step
      counters.steps++
      generated++
      onToken(vocabulary.generated(step, request.topLogprobs !== null))
      if (generated >= request.tokensMax) return result('length')
    }
    await new Promise((resolve) => setImmediate(resolve))
    return result(cancelled.now ? 'cancelled' : 'eos')
  }

  return {
    facts,
    path: 'public',
    get requests() {
      return requests
    },
    get running() {
      return running
    },
    get adapters() {
      return adapters
    },
    get threads() {
      return threads
    },
    get forgotten() {
      return forgotten
    },
    get disposed() {
      return disposed
    },
    tokenize: (text, special) => vocabulary.tokenize(text, special),
    slices: textSlicer({ joined: new Set(), tags: new Set(SCRIPTED_CONTROLS), addsSpace: false, literal: false }),
    withBos: (tokens) => [BOS, ...tokens],
    tokenBytes: (token, special) => vocabulary.bytes(token, special),
    isEndOfGeneration: (token) => token === EOS,
    renderTemplate: (_template, values) => (options.render ?? renderChatml)(values),
    checkGrammar() {},
    expect: () => () => undefined,

    generate(request, onToken): Generation {
      if (disposed) throw new EngineError('engine.closing', 'The engine is closing.')
      checkAdapter(request.adapter)
      requests.push(request)
      running++
      const { promise, resolve } = Promise.withResolvers<void>()
      const cancelled = { now: false, when: promise }
      const done = run(request, cancelled, onToken).finally(() => {
        running--
      })
      return {
        cancel() {
          cancelled.now = true
          resolve()
        },
        cachedTokens: 0,
        done,
      }
    },
    async embed(inputs) {
      const embed = options.embed
      if (embed === undefined) {
        throw new EngineError('engine.not_an_embedding_model', 'This model makes no embeddings.')
      }
      return inputs.map((tokens) => Float32Array.from(embed(vocabulary.text(tokens))))
    },
    async loadAdapter(adapter) {
      adapters.add(adapter.name)
    },
    async unloadAdapter(name) {
      checkAdapter(name)
      adapters.delete(name)
    },
    setThreads(count) {
      threads = count
    },
    async forgetPrefixes(salt, share) {
      forgotten.push(share === null ? salt : `${salt}/${share}`)
    },
    stats: () => ({
      running,
      waiting: 0,
      sequencesInUse: running,
      ...counters,
      stepMsP50: 0,
      stepMsP95: 0,
      threads,
      spillBytes: 0,
    }),
    async dispose() {
      disposed = true
    },
  }
}

/** Tokens are numbered as they are met; control tokens come first. */
class Vocabulary {
  #bytes: { bytes: Uint8Array; control: boolean }[] = []
  #ids = new Map<string, Token>()

  constructor() {
    for (const text of SCRIPTED_CONTROLS) this.#add(encoder.encode(text), text, true)
  }

  tokenize(text: string, special: boolean): Token[] {
    const words = special ? text.split(CONTROL_OR_WORD) : text.split(WORD)
    return words.filter((word) => word).map((word) => this.#word(word, special))
  }

  text(tokens: readonly Token[]): string {
    return Buffer.concat(tokens.map((token) => this.bytes(token, true))).toString('utf8')
  }

  bytes(token: Token, special: boolean): Uint8Array {
    const entry = this.#bytes[token]
    if (entry === undefined || (entry.control && !special)) return new Uint8Array()
    return entry.bytes
  }

  generated(step: Exclude<ScriptStep, Promise<unknown> | EngineError>, withLogprob: boolean): GeneratedToken {
    if (step instanceof Uint8Array) {
      const token = this.#add(step, `bytes:${Buffer.from(step).toString('hex')}`, false)
      return { token, logprob: withLogprob ? -1 : null, top: [] }
    }
    if (typeof step === 'string') return { token: this.#word(step, true), logprob: withLogprob ? -1 : null, top: [] }
    const token = this.#word(step.text, true)
    if (!withLogprob) return { token, logprob: null, top: [] }
    const top = step.top.map((entry) => ({ token: this.#word(entry.text, true), logprob: entry.logprob }))
    return { token, logprob: step.logprob, top }
  }

  #word(text: string, special: boolean): Token {
    const control = SCRIPTED_CONTROLS.indexOf(text)
    if (special && control >= 0) return control
    return this.#add(encoder.encode(text), `text:${text}`, false)
  }

  #add(bytes: Uint8Array, key: string, control: boolean): Token {
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    this.#bytes.push({ bytes, control })
    this.#ids.set(key, this.#bytes.length - 1)
    return this.#bytes.length - 1
  }
}

const WORD = /(?<=\S)(?=\s)/
const CONTROL_OR_WORD = /(<s>|<\|im_start\|>|<\|im_end\|>|<\/?think>)|(?<=\S)(?=\s)/

function renderChatml(values: Record<string, unknown>): string {
  const turns = (values.messages as { role: string; content: string }[]).map(
    (message) => `<|im_start|>${message.role}\n${message.content}<|im_end|>\n`,
  )
  return `${turns.join('')}<|im_start|>assistant\n`
}
