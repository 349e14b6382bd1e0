/** How much and how long the gateway bears. One table, handed to whatever obeys it, so that tests may shorten a wait. */
export type GatewayLimits = {
  headerBytesMax: number
  headersMax: number
  /** From the first byte of a request to the end of its headers. */
  headersMs: number
  bodyBytesMax: number
  /** Longest silence while a body is being sent. */
  bodyIdleMs: number
  /** Longest that a whole body may take on its way to control; only an upload of a backup may take longer. */
  passedBodyMs: number
  /** All bodies that one worker holds at once: a flood of large ones is refused before memory is gone. */
  heldBytesMax: number
  /** What requests said, on its way to control, in one worker: content beyond this is dropped and not kept. */
  contentBytesMax: number
  connectionsMax: number
  keepAliveMs: number
  /** Longest that a client may leave waiting bytes untaken. */
  clientStallMs: number
  /** Longest wait for an engine that died before the first byte to be replaced. */
  restartWaitMs: number
  /** The same for an upstream, which nobody here starts again. */
  upstreamWaitMs: number
  /** How often a request may be given to another engine after one died holding it: it may be what killed them. */
  deathsMax: number
  /** Longest wait for a model to be loaded. */
  wakeMs: number
  /** How long an engine's final counts are awaited after the client left. */
  lastWordsMs: number
  /** Longest wait for an engine's first byte. */
  engineFirstByteMs: number
  /** How long a request waits for room at a full engine where it says nothing else; 0 = not at all. */
  queueMs: number
  /** The most that a request may say. */
  queueMsMax: number
  /** Requests that wait for room, in one worker and of one key in it. */
  queueWaitingMax: number
  queueWaitingPerKeyMax: number
  /** Longest silence of an engine within an answer. */
  engineSilenceMs: number
  /** Copies of requests that run at once, of all aliases with a shadow. */
  shadowsMax: number
  /** How long running requests may go on after the worker was asked to end. */
  drainMs: number
}

export const GATEWAY_LIMITS: GatewayLimits = {
  headerBytesMax: 32 * 1024,
  headersMax: 100,
  headersMs: 10_000,
  bodyBytesMax: 32 * 1024 * 1024,
  bodyIdleMs: 30_000,
  passedBodyMs: 120_000,
  heldBytesMax: 512 * 1024 * 1024,
  contentBytesMax: 128 * 1024 * 1024,
  connectionsMax: 10_000,
  keepAliveMs: 65_000,
  clientStallMs: 60_000,
  restartWaitMs: 15_000,
  upstreamWaitMs: 1_000,
  deathsMax: 2,
  wakeMs: 120_000,
  lastWordsMs: 2_000,
  engineFirstByteMs: 600_000,
  engineSilenceMs: 300_000,
  queueMs: 30_000,
  queueMsMax: 300_000,
  queueWaitingMax: 2_000,
  queueWaitingPerKeyMax: 200,
  shadowsMax: 4,
  drainMs: 25_000,
}
