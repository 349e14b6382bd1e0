/**
 * What the supervisor, control and the gateway say to an engine host, and what it answers.
 *
 * Every engine is an OpenAI-compatible HTTP endpoint on a Unix socket plus a lifecycle. This file is the whole of the
 * contract beyond OpenAI's own shapes: how a host is started (`EngineSpec`, JSON in the environment variable
 * `TRADEWIND_ENGINE_SPEC`), the request headers the gateway adds, and the few routes of the lifecycle.
 * An engine knows no organisation and no key: it sees opaque strings that decide what may be shared.
 *
 *   GET    /health                → 200 EngineHealth when ready, 503 EngineHealth while loading or after a failed load
 *   GET    /stats                 → 200 EngineStats
 *   POST   /v1/chat/completions   → OpenAI, streaming or not
 *   POST   /v1/completions        → OpenAI
 *   POST   /v1/embeddings         → OpenAI
 *   POST   /v1/rerank             → Cohere's and Jina's form; POST /v1/score → vLLM's. By vectors, or by "yes" against "no"
 *   POST   /tokenize              → { prompt | messages, add_special_tokens?, return_tokens? } → { tokens, count, max_model_len }
 *   POST   /detokenize            → { tokens } → { prompt }
 *   DELETE /requests/{request id} → 204; the request stops within one step and its answer ends with its usage
 *   POST   /adapters              → AdapterSpec → 204
 *   DELETE /adapters/{name}       → 204
 *   POST   /threads               → { threads } → 204
 *   DELETE /prefixes?salt=…&share=…  → 204; forgets cached prefixes of a salt, or of one share in it, memory and disk
 *
 * Pure module: types and names only, so the gateway worker and the engine host may both import it.
 */

/** How one engine host is started. Carried as JSON in `TRADEWIND_ENGINE_SPEC`. */
export type EngineSpec = {
  /** `eng_…`, unique per start. */
  engineId: string
  /** Unix socket that the host listens on; at most 100 bytes. */
  socketPath: string
  /** GGUF file, or the first file of a split set. */
  modelPath: string
  /** SHA-256 (hex) of the weights: part of the key of every spilled prefix. */
  modelSha256: string
  /** What a client named in `model`; echoed in answers. */
  modelName: string
  task: EngineTask
  /** Compute threads. */
  threads: number
  /** Sequences that generate at once. */
  sequences: number
  /** Context of each sequence, in tokens. */
  contextTokens: number
  /** Most tokens in one native batch. Default 512. */
  batchTokens: number
  /** Most prompt tokens computed between two steps of running streams. Default 128 on CPU. */
  prefillChunkTokens: number
  /** `off` = CPU only. */
  gpu: 'off' | 'auto'
  /** Folder whose node_modules holds a CUDA or Vulkan build of the engine library; looked in first. */
  gpuLibraryFolder?: string
  /** Adapters to have ready at start. */
  adapters: AdapterSpec[]
  /** Which parsers read this model's output; from the catalogue. `auto` = decided from the model's own template. */
  toolParser: ToolParser
  reasoningParser: ReasoningParser
  /** What the model's maker recommends; used where a request does not say. Absent fields: OpenAI's defaults. */
  samplingDefaults?: SamplingDefaults
  /** Where cold prefixes may be spilled, and the most bytes there. Absent: never to disk. */
  spill?: { folder: string; bytesMax: number }
}

export type SamplingDefaults = {
  temperature?: number
  topP?: number
  topK?: number
  minP?: number
  presencePenalty?: number
  repetitionPenalty?: number
}

export type EngineTask = 'chat' | 'embedding'
export type ToolParser = 'auto' | 'hermes' | 'qwen3_coder' | 'deepseek_v3' | 'deepseek_v31' | 'deepseek_v32' | 'none'
export type ReasoningParser = 'auto' | 'think' | 'none'

/** LoRA weights (GGUF) for the host's base model. */
export type AdapterSpec = { name: string; path: string; sha256: string; scale: number }

export type EngineState = 'loading' | 'ready' | 'failed'

/** Body of `GET /health`. */
export type EngineHealth = {
  state: EngineState
  /** Present in state `failed`: a stable code (`engine.model_broken`, `engine.out_of_memory`, …) and a sentence. */
  error?: { code: string; message: string }
  /** Present in state `ready`. */
  model?: {
    architecture: string
    contextTokens: number
    sequences: number
    embeddingSize: number
    hasChatTemplate: boolean
    toolParser: Exclude<ToolParser, 'auto'>
    reasoningParser: Exclude<ReasoningParser, 'auto'>
    /** `native` = own batch loop; `public` = the library's public API, because the self-test failed. */
    path: 'native' | 'public'
  }
}

/** Body of `GET /stats`: counters since start, gauges now. */
export type EngineStats = {
  running: number
  waiting: number
  sequencesInUse: number
  promptTokens: number
  cachedTokens: number
  generatedTokens: number
  steps: number
  /** Median and 95th percentile of the last 256 steps, ms. */
  stepMsP50: number
  stepMsP95: number
  threads: number
  residentBytes: number
  spillBytes: number
}

/** Request headers that the gateway adds. All optional: an engine answers plain OpenAI requests too. */
export const ENGINE_HEADERS = {
  /** Names the request for `DELETE /requests/{id}` and logs. */
  requestId: 'x-request-id',
  /** Prefixes are shared only between requests of the same salt (one per project). Default: a salt of its own. */
  salt: 'x-tradewind-salt',
  /** Whose turn it is: sequences are shared fairly between these (one per key). */
  share: 'x-tradewind-share',
  /** Name of an adapter that `POST /adapters` or the spec made ready. */
  adapter: 'x-tradewind-adapter',
  /** `allow`: this request's prefix may be spilled to disk. */
  disk: 'x-tradewind-disk',
  /**
   * `always`: a stream ends with a usage chunk even if the client did not ask for it. `both`: and the first chunk of a
   * chat has the counts of the prompt in its `usage`, for dialects that tell them before the answer.
   */
  usage: 'x-tradewind-usage',
} as const

/** Phases of one request in the engine, ms; sent as `timings` beside `usage`. */
export type EngineTimings = { queue_ms: number; prefill_ms: number; decode_ms: number }
