import { AppError } from '../platform/errors.ts'
import { gigabytes } from './gigabytes.ts'

/** No shape of context makes the model fit. */
export class MemoryExceeded extends AppError<{
  model: string
  neededBytes: number
  freeBytes: number
  budgetBytes: number
}> {
  static override code = 'engines.memory_exceeded'
  static override status = 409
  static override say = (d: MemoryExceeded['data']) =>
    `${d.model} needs ≈ ${gigabytes(d.neededBytes)} here; ${gigabytes(d.freeBytes)} of the ${gigabytes(d.budgetBytes)} for models is free. Unload another model, or choose a smaller one.`
}

/** A wish for more context than the model was made for. */
export class ContextTooLong extends AppError<{ model: string; wantedTokens: number; longestTokens: number }> {
  static override code = 'engines.context_too_long'
  static override status = 400
  static override say = (d: ContextTooLong['data']) =>
    `${d.model} takes at most ${d.longestTokens} tokens of context; ${d.wantedTokens} were asked for. Nothing was changed.`
}

/** The engine said why it cannot serve the model. */
export class ModelNotServable extends AppError<{ model: string; reason: string; cause: string }> {
  static override code = 'engines.model_not_servable'
  static override status = 422
  static override say = (d: ModelNotServable['data']) => `${d.model} cannot be loaded: ${d.reason}`
}

/** The engine process died each time it tried. */
export class EngineCrashed extends AppError<{ model: string; times: number; logPath: string }> {
  static override code = 'engines.engine_crashed'
  static override status = 503
  static override say = (d: EngineCrashed['data']) =>
    `The engine of ${d.model} ended ${d.times} times while it loaded; it is not tried again by itself. Its log: ${d.logPath}`
}

/** A running engine said no: a broken adapter file, one for another model. */
export class EngineRefused extends AppError<{ model: string; reason: string; cause: string }> {
  static override code = 'engines.engine_refused'
  static override status = 422
  static override say = (d: EngineRefused['data']) => `The engine of ${d.model} refuses: ${d.reason}`
}

/** llama.cpp's own server takes adapters only when it starts, and then for all requests. */
export class AdaptersUnsupported extends AppError<{ model: string }> {
  static override code = 'engines.adapters_unsupported'
  static override status = 409
  static override say = (d: AdaptersUnsupported['data']) =>
    `${d.model} runs on llama.cpp's own server, which cannot choose an adapter for each request. Clear LLAMA_SERVER to use the embedded engine.`
}

/** `LLAMA_SERVER` names something that is not there. */
export class LlamaServerMissing extends AppError<{ named: string }> {
  static override code = 'engines.llama_server_missing'
  static override status = 409
  static override say = (d: LlamaServerMissing['data']) =>
    `LLAMA_SERVER is "${d.named}", but no llama.cpp server was found there. Install it, or clear the setting to use the embedded engine.`
}
