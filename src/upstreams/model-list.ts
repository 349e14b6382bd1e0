/**
 * What an upstream says that it serves: `GET /v1/models`, in OpenAI's words or in Anthropic's. Answers of others are read
 * leniently; what is unknown of a model is null. Pure module.
 */

export type DiscoveredModel = {
  id: string
  /** Null where it does not say. */
  contextTokens: number | null
}

const MODELS_MAX = 2_000
/** Ids go into names, bodies and lists: no spaces, no control characters. */
const ID = /^[\x21-\x7e]{1,200}$/

/** @returns null where `body` is no list of models */
export function modelsIn(body: unknown): DiscoveredModel[] | null {
  if (!isObject(body) || !Array.isArray(body.data)) return null
  const found = new Map<string, DiscoveredModel>()
  for (const entry of body.data as unknown[]) {
    if (!isObject(entry) || typeof entry.id !== 'string' || !ID.test(entry.id) || found.size >= MODELS_MAX) continue
    found.set(entry.id, { id: entry.id, contextTokens: contextOf(entry) })
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** vLLM, OpenRouter and its like, Anthropic, llama.cpp's server: each by its own name. */
function contextOf(entry: Record<string, unknown>): number | null {
  const meta = isObject(entry.meta) ? entry.meta : {}
  const told = [entry.max_model_len, entry.context_length, entry.max_input_tokens, meta.n_ctx, meta.n_ctx_train]
  return told.find((value): value is number => Number.isSafeInteger(value) && (value as number) > 0) ?? null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
