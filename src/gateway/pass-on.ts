/**
 * Everything that is not the gateway's own goes to control over its public socket, unchanged, streaming both ways:
 * cookies, redirects and uploads of any size. Only who asked is put in, and only by us: `x-forwarded-*` as it comes
 * would let a client claim another's address. Of a request with a key, that key's id is put in, and its secret is left out. What a trusted proxy says in it has been read before (client-address.ts).
 */
import type { Dispatcher } from 'undici'
import { KEY_ID_HEADER } from '../platform/key-id-header.ts'
import { ControlUnavailable, HostAmbiguous } from './errors.ts'
import { answerError, corsHeaders, type Exchange, hasBody } from './exchange.ts'
import { takesUploads } from './key-paths.ts'
import type { GatewayLimits } from './limits.ts'
import { watchedBody } from './watched-body.ts'

/** Belong to one connection, not to the message: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
/** Ours to say, or about the hop before us. */
const OURS = ['expect', 'forwarded', 'x-real-ip', 'x-request-id']

/** A route that takes bodies of gigabytes: only silence within them is bounded. */
const UPLOAD_PATH = '/api/backups/upload'

/** Where a client may put the secret of its key. */
const SECRETS = ['authorization', 'x-api-key', 'api-key']

export type PassOnOptions = {
  /** Dispatcher of control's public socket. */
  control: Dispatcher
  /** Says whether the public address is reached by https. */
  publicUrl: string
  limits: Pick<GatewayLimits, 'bodyIdleMs' | 'passedBodyMs'>
  /** The key that was let in, for a path that wants one. */
  keyId?: string
}

/**
 * @returns resolves when the answer has ended, however it ended
 * @throws HostAmbiguous
 */
export async function passOn(exchange: Exchange, { control, publicUrl, limits, keyId }: PassOnOptions): Promise<void> {
  const { request, response } = exchange
  if ((request.headersDistinct.host?.length ?? 0) > 1) throw new HostAmbiguous({})
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | null = null
    let isGivenUp = false
    response.once('close', () => {
      if (!response.writableFinished) controller?.abort(new Error('the client left'))
      resolve()
    })
    response.on('drain', () => controller?.resume())
    const bounds = {
      idleMs: limits.bodyIdleMs,
      wholeMs: exchange.path === UPLOAD_PATH || takesUploads(exchange.path) ? null : limits.passedBodyMs,
    }
    const body = hasBody(request)
      ? watchedBody(request, bounds, (error) => {
          isGivenUp = true
          // Answered before the body was there: nobody waits for the rest of it.
          if (response.headersSent) request.socket.destroy()
          else answerError(exchange, error)
          controller?.abort(error)
        })
      : null
    control.dispatch(
      {
        method: request.method ?? 'GET',
        path: keyId === undefined ? (request.url ?? '/') : canonicalTarget(exchange),
        headers: requestHeaders(exchange, publicUrl, keyId),
        body,
      },
      {
        onRequestStart(started) {
          controller = started
          if (response.destroyed || isGivenUp) started.abort(new Error('the client left'))
        },
        onResponseStart(started, status, headers) {
          if (status < 200) return // 100 Continue and its like
          exchange.isEndless = String(headers['content-type']).startsWith('text/event-stream')
          response.writeHead(status, responseHeaders(exchange, started.rawHeaders as Buffer[]))
        },
        onResponseData(started, chunk) {
          if (!response.write(chunk)) started.pause()
        },
        onResponseEnd() {
          response.end()
        },
        onResponseError(_started, cause) {
          if (isGivenUp) return
          // Halfway through, breaking the connection is the only honest end.
          if (response.headersSent) response.destroy()
          else answerError(exchange, new ControlUnavailable({}, { cause }))
        },
      },
    )
  })
}

/** OpenAI's API has other bases too; control knows the one. */
function canonicalTarget({ path, request }: Exchange): string {
  const query = request.url?.indexOf('?') ?? -1
  return query < 0 ? path : path + (request.url ?? '').slice(query)
}

function requestHeaders({ id, request, address }: Exchange, publicUrl: string, keyId?: string): string[] {
  const kept = keptHeaders(
    request.rawHeaders,
    (name) =>
      OURS.includes(name) ||
      name.startsWith('x-forwarded-') ||
      name.startsWith('x-tradewind-') ||
      (keyId !== undefined && SECRETS.includes(name)),
  )
  const host = request.headers.host ?? ''
  const { host: publicHost, protocol } = new URL(publicUrl)
  return [
    ...kept,
    ...(keyId === undefined ? [] : [KEY_ID_HEADER, keyId]),
    'x-request-id',
    id,
    'x-forwarded-for',
    address ?? '',
    'x-forwarded-host',
    host,
    'x-forwarded-proto',
    host === publicHost ? protocol.slice(0, -1) : 'http',
  ]
}

function responseHeaders(exchange: Exchange, raw: Buffer[]): string[] {
  const cors = corsHeaders(exchange.path)
  const headers = keptHeaders(
    raw.map((part) => part.toString('latin1')),
    (name) => name === 'x-request-id' || name in cors,
  )
  return [
    ...headers,
    'x-request-id',
    exchange.id,
    ...Object.entries(cors).flatMap(([name, value]) => [name, String(value)]),
  ]
}

/** Name, value, name, value …, in their order and as often as they came, less those of this one connection. */
function keptHeaders(raw: readonly string[], isDropped: (name: string) => boolean): string[] {
  const perConnection = new Set(HOP_BY_HOP)
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== 'connection') continue
    for (const name of (raw[i + 1] ?? '').split(',')) perConnection.add(name.trim().toLowerCase())
  }
  const kept: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    if (!perConnection.has(name) && !isDropped(name)) kept.push(raw[i] as string, raw[i + 1] as string)
  }
  return kept
}
