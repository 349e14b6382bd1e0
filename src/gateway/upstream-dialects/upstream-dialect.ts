/**
 * The seam for upstreams, at the other side of `dialects/`: what an engine elsewhere is asked in place of what one of ours
 * would be, and what its answer becomes before anybody here reads it.
 *
 *   chat body ──ask──► the upstream's request ──► upstream ──► its events or body ──UpstreamAnswer──► those of an engine
 *
 * So the relay, the watch that counts, the dialects of clients and the journal know one kind of answer. A client that
 * speaks Anthropic's words to an Anthropic upstream pays for two translations.
 */
import type { BodyHead } from '../scan-body.ts'
import type { SnapshotReplica } from '../snapshot.ts'
import { askAnthropic } from './anthropic/anthropic.ts'
import { bodyForUpstream } from './body-for-upstream.ts'
import { withoutWords } from './error-words.ts'

/** What is asked of an engine: in OpenAI's words, or what an upstream takes in their place. */
export type EngineRequest = { path: string; body: Buffer }

/** Makes an upstream's answer into that of an engine. One for each attempt. */
export interface UpstreamAnswer {
  /**
   * Null = its events are those of an engine.
   * @param data of one whole event @returns data of as many events as become of it
   */
  readonly event: ((data: string) => string[]) | null
  /** Whether a body can be read only as a whole. */
  readonly needsWhole: boolean
  /** @param status 200, or of an answer that is no refusal to work on it */
  whole(status: number, body: Buffer): { status: number; body: Buffer }
}

export type AskedUpstream = EngineRequest & { answer: UpstreamAnswer }

/** What the request comes with. */
export type Asking = EngineRequest & { head: BodyHead; startedAtMs: number }

/**
 * @returns null for an engine of ours, which is asked as it stands
 * @throws AppError where it cannot be asked there
 */
export function askUpstream(replica: SnapshotReplica, asking: Asking): AskedUpstream | null {
  if (replica.socketPath !== null) return null
  if (replica.speaks === 'anthropic') return askAnthropic(replica, asking)
  const body = bodyForUpstream(asking.body, asking.head, replica.remoteModel)
  return { path: asking.path, body, answer: openaiAnswer(replica) }
}

/** Bytes pass as they are; what is no answer to the request is told without the words of somebody else's service. */
function openaiAnswer(replica: SnapshotReplica): UpstreamAnswer {
  return {
    event: null,
    needsWhole: false,
    whole: (status, body) => (status === 200 ? { status, body } : withoutWords(replica, status, body)),
  }
}
