/**
 * Asks an upstream for its models, which tells three things at once: whether it is there, whether it lets us in, and what
 * it serves. The answer is bounded in bytes and time, no redirect is followed, and the connection goes only where the
 * upstream's network allows.
 */
import { Agent, request } from 'undici'
import { AddressRefused, checkingConnector, type NetworkReach, type Resolve } from '../platform/network-reach.ts'
import { type DiscoveredModel, modelsIn } from './model-list.ts'

export type ProbeTarget = {
  baseUrl: string
  network: NetworkReach
  speaks: 'openai' | 'anthropic'
  /** With the secret. */
  headers: Record<string, string>
}

export const PROBE_TROUBLES = [
  'name_unknown',
  'address_private',
  'address_forbidden',
  'refused_connection',
  'unreachable',
  'tls',
  'timed_out',
  'unauthorized',
  'no_list',
  'redirected',
  'status',
  'too_large',
  'not_a_list',
  'secret_lost',
] as const
export type ProbeTrouble = (typeof PROBE_TROUBLES)[number]

export type ProbeResult =
  | { kind: 'listed'; models: DiscoveredModel[]; tookMs: number }
  /** `status`: its answer's; null = there was none. */
  | { kind: 'failed'; trouble: ProbeTrouble; status: number | null; tookMs: number }

export type ProbeOptions = { timeoutMs?: number; resolve?: Resolve; signal?: AbortSignal }

const TIMEOUT_MS = 10_000
const BYTES_MAX = 2 * 1024 * 1024

/** What each trouble is, in a sentence for an operator. */
export const SAID: Readonly<Record<ProbeTrouble, string>> = {
  name_unknown: 'Its name has no address: it may be mistyped, or the name server does not answer.',
  address_private: 'Its name leads to this machine or its network, which an upstream on the internet may not.',
  address_forbidden: 'Its name leads to a link-local address or a metadata service, which is never reached from here.',
  refused_connection: 'Nothing listens there: the connection was refused.',
  unreachable: 'The connection could not be made, or broke.',
  tls: 'Its certificate could not be trusted, or it speaks no TLS.',
  timed_out: 'It did not answer in time.',
  unauthorized: 'It does not let us in: the secret is wrong, has ended, or is missing.',
  no_list: 'It answers, but has no list of models at /v1/models.',
  redirected: 'It sends us elsewhere, and redirects are not followed. Give the URL that it leads to.',
  status: 'It answered with an error.',
  too_large: 'Its list of models is too long to be read.',
  not_a_list: 'It answered with something that is no list of models.',
  secret_lost: 'Its secret was sealed by another installation. Give it again.',
}

export async function probe(target: ProbeTarget, options: ProbeOptions = {}): Promise<ProbeResult> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  const startedAt = performance.now()
  const tookMs = () => Math.round(performance.now() - startedAt)
  const failed = (trouble: ProbeTrouble, status: number | null = null): ProbeResult => ({
    kind: 'failed',
    trouble,
    status,
    tookMs: tookMs(),
  })
  // A connection of its own: what a kept one proves is that it was kept.
  const dispatcher = new Agent({ connect: checkingConnector(target.network, timeoutMs, options.resolve) })
  const overdue = AbortSignal.timeout(timeoutMs)
  try {
    const signal = options.signal === undefined ? overdue : AbortSignal.any([overdue, options.signal])
    const limit = target.speaks === 'anthropic' ? '?limit=1000' : ''
    const { statusCode, body } = await request(`${target.baseUrl}/v1/models${limit}`, {
      dispatcher,
      headers: { accept: 'application/json', ...target.headers },
      signal,
    })
    if (statusCode !== 200) return failed(troubleOf(statusCode), statusCode)
    const text = await textWithin(body, BYTES_MAX)
    if (text === null) return failed('too_large', statusCode)
    const models = modelsIn(parsed(text))
    return models === null ? failed('not_a_list', statusCode) : { kind: 'listed', models, tookMs: tookMs() }
  } catch (error) {
    return failed(overdue.aborted ? 'timed_out' : troubleIn(error))
  } finally {
    await dispatcher.destroy()
  }
}

function troubleOf(status: number): ProbeTrouble {
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 404 || status === 405) return 'no_list'
  return status >= 300 && status < 400 ? 'redirected' : 'status'
}

function troubleIn(error: unknown): ProbeTrouble {
  if (error instanceof AddressRefused) return error.needs === null ? 'address_forbidden' : 'address_private'
  // Of several addresses that were tried in turn, each has its own error.
  const { code = '', errors } = error as { code?: string; errors?: { code?: string }[] }
  const codes = [code, ...(errors ?? []).map((one) => one.code ?? '')]
  const any = (pattern: RegExp) => codes.some((one) => pattern.test(one))
  if (any(/^(ENOTFOUND|EAI_AGAIN|ENODATA)$/)) return 'name_unknown'
  if (any(/^ECONNREFUSED$/)) return 'refused_connection'
  if (any(/TIMEOUT|^ETIMEDOUT$/)) return 'timed_out'
  return any(/^(ERR_TLS|ERR_SSL|CERT|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|EPROTO)/) ? 'tls' : 'unreachable'
}

async function textWithin(body: AsyncIterable<Buffer>, bytesMax: number): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bytesMax) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
