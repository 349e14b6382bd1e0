/** What every route of an engine host works with. */
import type { ServerResponse } from 'node:http'
import type { EngineSpec, ReasoningParser, SamplingDefaults, ToolParser } from '../../src/engines/engine-wire.ts'
import type { TokenEngine } from '../token-engine.ts'
import type { PreparationTurns } from './preparation.ts'
import type { RunningRequests } from './running-requests.ts'

/** A host whose model is loaded. */
export type Host = {
  engine: TokenEngine
  task: EngineSpec['task']
  modelName: string
  /** Used where a request does not say. */
  samplingDefaults: SamplingDefaults
  toolParser: Exclude<ToolParser, 'auto'>
  reasoningParser: Exclude<ReasoningParser, 'auto'>
  running: RunningRequests
  /** Who may make a prompt now. */
  turns: PreparationTurns
  /** Seconds since the epoch, for `created`. */
  nowS(): number
}

/** One request to an inference route, its body parsed and its headers read. */
export type Call = {
  body: unknown
  response: ServerResponse
  requestId: string
  salt: string
  share: string
  adapter: string | null
  disk: boolean
  /** Tells the engine that what was expected has been handed over. */
  arrived(): void
  /** The header `x-tradewind-usage`. */
  usage: string | undefined
}
