/**
 * Stands for control in the gateway's tests: real Unix sockets that speak the internal API of snapshot.ts, and a public
 * side that a test scripts. It can be killed and started again on the same sockets.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { ClosedRequest, SentContent } from '../billing/request-detail.ts'
import { type DataFolder, sockets } from '../platform/data-folder.ts'
import { randomText } from '../platform/ids.ts'
import type { Claim, ClaimEnd } from './idempotency/claim-wire.ts'
import type { ClaimsOwner } from './idempotency/claims-owner.ts'
import type { LeaseMessage } from './rate-limits/lease-wire.ts'
import { createLimitsOwner, type LimitsOwner } from './rate-limits/limits-owner.ts'
import { type Listening, listenOn, readAll } from './scripted-upstream.ts'
import type { KeyUse, Snapshot, SnapshotKey, SnapshotReplica, SnapshotRoute } from './snapshot.ts'

export class ControlStandIn {
  readonly records: ClosedRequest[] = []
  readonly contents: SentContent[] = []
  /** How contents are answered. */
  contentStatus = 204
  /** Uses of keys, in the order in which workers told them. */
  readonly uses: KeyUse[] = []
  /** Versions that workers have in force, in the order they said so. */
  readonly seen: number[] = []
  readonly woken: string[] = []
  /** How a wake is answered. */
  onWake: (model: string, response: ServerResponse) => void = (_model, response) => sendJson(response, 404, {})
  /** The public side. */
  onPublic: RequestListener = (_request, response) => response.writeHead(404).end()
  /** How what is kept of responses is answered: `''` keeps one, `/items` gives what came before, and so on. */
  onResponses: (what: string, body: unknown, response: ServerResponse) => void = (_what, _body, response) =>
    sendJson(response, 404, {})
  snapshot: Snapshot
  /** The real one, where a test brings its database; null = control cannot say anything of idempotency keys. */
  claims: ClaimsOwner | null = null
  /** The real one; a new one with each start, as control's is. */
  limits: LimitsOwner | null = null
  readonly #folder: DataFolder
  readonly #streams = new Set<ServerResponse>()
  readonly #waiting = new Set<() => void>()
  #listening: Listening[] = []

  constructor(folder: DataFolder, snapshot: Pick<Snapshot, 'version' | 'keys' | 'routes'> & Partial<Snapshot>) {
    this.#folder = folder
    this.snapshot = { aliases: [], draining: [], ...snapshot }
  }

  async start(): Promise<void> {
    this.limits = createLimitsOwner({
      id: randomText(12),
      workers: 1,
      nowMs: () => performance.now(),
      settleMs: 0,
    })
    this.#tellLimits()
    this.limits.begin()
    const admin = createServer((request, response) => void this.#answer(request, response))
    const open = createServer((request, response) => this.onPublic(request, response))
    this.#listening = await Promise.all([
      listenOn(admin, sockets.controlAdmin(this.#folder)),
      listenOn(open, sockets.control(this.#folder)),
    ])
  }

  /** Dies as by kill -9: every connection breaks. */
  async kill(): Promise<void> {
    this.#streams.clear()
    await Promise.all(this.#listening.map((each) => each.kill()))
  }

  /** Pushes a change to all workers. @returns when one of them has it in force */
  push(change: Partial<Snapshot>): Promise<void> {
    this.snapshot = { ...this.snapshot, ...change, version: this.snapshot.version + 1 }
    this.#tellLimits()
    const { version } = this.snapshot
    for (const stream of this.#streams) stream.write(`${JSON.stringify(this.snapshot)}\n`)
    return this.until(() => this.seen.includes(version))
  }

  /** The usage record of a request, when it has come. */
  async record(id: string): Promise<ClosedRequest> {
    await this.until(() => this.records.some((record) => record.id === id))
    return this.records.find((record) => record.id === id) as ClosedRequest
  }

  /** Resolves when something that workers told us made it true. */
  until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!isTrue()) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  #tellLimits(): void {
    this.limits?.setLimits(this.snapshot.keys.flatMap((key) => key.limits ?? []))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://control')
    const body = await readAll(request)
    if (request.method === 'GET' && pathname === '/internal/snapshot') {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      response.write(`${JSON.stringify(this.snapshot)}\n\n`)
      this.#streams.add(response)
      response.on('close', () => this.#streams.delete(response))
    } else if (pathname === '/internal/wake') {
      const { model } = JSON.parse(body.toString()) as { model: string }
      this.woken.push(model)
      this.onWake(model, response)
    } else if (pathname === '/internal/usage') {
      this.records.push(...(JSON.parse(body.toString()) as { records: ClosedRequest[] }).records)
      response.writeHead(204).end()
    } else if (pathname === '/internal/content') {
      if (this.contentStatus < 300)
        this.contents.push(...(JSON.parse(body.toString()) as { contents: SentContent[] }).contents)
      response.writeHead(this.contentStatus).end()
    } else if (pathname === '/internal/limits') {
      sendJson(response, 200, this.limits?.exchange(JSON.parse(body.toString()) as LeaseMessage))
    } else if (pathname.startsWith('/internal/responses')) {
      this.onResponses(pathname.slice('/internal/responses'.length), JSON.parse(body.toString()), response)
    } else if (pathname.startsWith('/internal/idempotency/')) {
      const said = JSON.parse(body.toString())
      if (this.claims === null) response.writeHead(503).end()
      else if (pathname.endsWith('/claim')) sendJson(response, 200, await this.claims.claim(said as Claim))
      else {
        await (pathname.endsWith('/end') ? this.claims.end(said as ClaimEnd) : this.claims.renew(said.requestIds))
        response.writeHead(204).end()
      }
    } else if (pathname === '/internal/key-uses') {
      this.uses.push(...(JSON.parse(body.toString()) as { uses: KeyUse[] }).uses)
      response.writeHead(204).end()
    } else {
      this.seen.push(Number(/^\/internal\/snapshot\/(\d+)\/seen$/.exec(pathname)?.[1]))
      response.writeHead(204).end()
    }
    for (const check of [...this.#waiting]) check()
  }
}

export function keyOf(secret: string, change: Partial<SnapshotKey> = {}): SnapshotKey {
  return {
    id: `key_${secret}`,
    sha256: createHash('sha256').update(secret).digest('hex'),
    organizationId: 'org_1',
    projectId: 'proj_1',
    scopes: ['inference', 'models.read'],
    models: null,
    ips: null,
    expiresAtMs: null,
    salt: `salt-${secret}`,
    share: `share-${secret}`,
    kind: 'key',
    contentOnDisk: false,
    contentLogging: null,
    limits: null,
    ...change,
  }
}

export function routeOf(
  model: string,
  replicas: SnapshotReplica[],
  change: Partial<SnapshotRoute> = {},
): SnapshotRoute {
  return {
    model,
    adapter: null,
    deploymentId: `dep_${model}`,
    upstreamId: null,
    task: 'chat',
    contextTokens: 4096,
    createdS: 1_700_000_000,
    ownedBy: 'tradewind',
    replicas,
    ...change,
  }
}

export function localReplica(engineId: string, socketPath: string): SnapshotReplica {
  return {
    engineId,
    speaks: 'tradewind',
    socketPath,
    baseUrl: null,
    authorization: null,
    remoteModel: null,
    network: 'private',
    healthy: true,
  }
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
