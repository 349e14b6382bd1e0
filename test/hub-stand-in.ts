/**
 * A model hub on loopback that speaks Hugging Face's protocol, so that the hub source is tested for real: model info,
 * trees, paths info, resolve with a redirect to a second server (the "CDN", another origin), ranges, gated repositories,
 * and every way in which a network fails.
 *
 *   GET  /api/models/{repo}[/revision/{rev}]        POST /api/models/{repo}/paths-info/{rev}
 *   GET  /api/models/{repo}/tree/{rev}[/{folder}]   GET|HEAD /{repo}/resolve/{rev}/{file}  → 302 to the CDN
 *
 * Shapes and headers as the hub's own (recorded by reading @huggingface/hub 2.17.5, which the product uses).
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What goes wrong. Set a field to break something, unset it to heal. Counted faults heal by themselves. */
export type Trouble = {
  /** Answers these, one per request to the hub itself, before anything else. */
  answers: { status: number; headers?: Record<string, string> }[]
  /** The CDN sends this many bytes of a download and destroys the connection; one entry per connection. */
  cuts: number[]
  /** The CDN says nothing more after this many bytes, without closing. One entry per connection. */
  stalls: number[]
  /** The CDN sends slowly: chunks of this many bytes every 5 ms. */
  chunkBytes: number | null
  /** The CDN answers 200 and the whole file, whatever range is asked for. */
  ignoreRanges: boolean
  /** The CDN flips a byte at this offset of what it sends, so that the hash is wrong. */
  flipByteAt: number | null
  /** The hub accepts connections and never answers. */
  silent: boolean
}

export type Seen = {
  server: 'hub' | 'cdn'
  method: string
  url: string
  range: string | null
  authorization: string | null
}

export type HubStandIn = {
  /** For `hubUrl`. */
  url: string
  trouble: Trouble
  /** Every request, in order. */
  seen: Seen[]
  /** Adds or replaces a file; the repository's commit changes with its content. `lfs: false` publishes no SHA-256. */
  put(repo: string, file: string, content: Buffer, options?: { lfs?: boolean; claimedSha256?: string }): void
  /** Only these tokens may download from the repository. */
  gate(repo: string, tokens: string[]): void
  close(): Promise<void>
}

type Stored = { content: Buffer; lfs: boolean; sha256: string }
type Repo = { files: Map<string, Stored>; tokens: string[] | null }

export async function startHubStandIn(): Promise<HubStandIn> {
  const repos = new Map<string, Repo>()
  const trouble: Trouble = {
    answers: [],
    cuts: [],
    stalls: [],
    chunkBytes: null,
    ignoreRanges: false,
    flipByteAt: null,
    silent: false,
  }
  const seen: Seen[] = []
  const note = (server: Seen['server'], request: IncomingMessage) =>
    seen.push({
      server,
      method: request.method ?? '',
      url: request.url ?? '',
      range: request.headers.range ?? null,
      authorization: request.headers.authorization ?? null,
    })

  const cdn = createServer((request, response) => {
    note('cdn', request)
    const [, repo = '', file = ''] = /^\/blob\/([^/]+%2F[^/]+)\/(.+)$/.exec(request.url ?? '') ?? []
    const stored = repos.get(decodeURIComponent(repo))?.files.get(decodeURIComponent(file))
    if (stored === undefined) return void response.writeHead(404).end()
    void sendContent(request, response, stored, trouble)
  })
  const cdnUrl = await listen(cdn)

  const hub = createServer((request, response) => {
    note('hub', request)
    if (trouble.silent) return
    const fault = trouble.answers.shift()
    if (fault !== undefined) return void response.writeHead(fault.status, fault.headers).end()
    void answer(request, response, repos, cdnUrl)
  })
  const url = await listen(hub)

  return {
    url,
    trouble,
    seen,
    put(repo, file, content, options = {}) {
      const entry = repos.get(repo) ?? { files: new Map(), tokens: null }
      const sha256 = options.claimedSha256 ?? createHash('sha256').update(content).digest('hex')
      entry.files.set(file, { content, lfs: options.lfs ?? true, sha256 })
      repos.set(repo, entry)
    },
    gate(repo, tokens) {
      const entry = repos.get(repo)
      if (entry === undefined) throw new Error(`The stand-in has no repository ${repo} to gate.`)
      entry.tokens = tokens
    },
    async close() {
      for (const server of [hub, cdn]) {
        server.close()
        server.closeAllConnections()
        if (server.listening) await once(server, 'close')
      }
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  repos: Map<string, Repo>,
  cdnUrl: string,
): Promise<void> {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://hub').pathname)
  const api = /^\/api\/models\/([^/]+\/[^/]+)(?:\/(revision|tree|paths-info)\/([^/]+)(?:\/(.+))?)?$/.exec(path)
  const resolve = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path)
  const [, name = '', what = '', , folder = ''] = api ?? resolve ?? []
  const repo = repos.get(name)
  // The hub hides whether a repository exists from those who may not see it: 401 without a token.
  if (repo === undefined)
    return refuse(response, request.headers.authorization ? 404 : 401, 'RepoNotFound', 'Repository not found')
  const revision = (api ?? resolve)?.[api ? 3 : 2] ?? 'main'
  if (revision !== 'main' && revision !== 'HEAD' && revision !== commitOf(repo))
    return refuse(response, 404, 'RevisionNotFound', 'Invalid rev id')

  if (resolve) return resolveFile(request, response, repo, name, resolve[3] ?? '', cdnUrl)
  if (what === 'tree') return json(response, tree(repo, folder))
  if (what === 'paths-info') {
    const { paths } = JSON.parse(await bodyOf(request)) as { paths: string[] }
    return json(
      response,
      tree(repo, '').filter((entry) => paths.includes(entry.path)),
    )
  }
  return json(response, {
    _id: '1',
    id: name,
    modelId: name,
    sha: commitOf(repo),
    gated: repo.tokens ? 'auto' : false,
    private: false,
    likes: 0,
    downloads: 0,
    lastModified: '2026-01-01T00:00:00.000Z',
  })
}

function resolveFile(
  request: IncomingMessage,
  response: ServerResponse,
  repo: Repo,
  name: string,
  file: string,
  cdnUrl: string,
): void {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (repo.tokens !== null && (token === undefined || !repo.tokens.includes(token)))
    return void refuse(response, token === undefined ? 401 : 403, 'GatedRepo', `Access to model ${name} is restricted.`)
  const stored = repo.files.get(file)
  if (stored === undefined) return void refuse(response, 404, 'EntryNotFound', 'Entry not found')
  response.writeHead(302, {
    location: `${cdnUrl}/blob/${encodeURIComponent(name)}/${encodeURIComponent(file)}`,
    etag: `"${stored.sha256.slice(0, 40)}"`,
    'x-linked-etag': `"${stored.sha256}"`,
    'x-linked-size': String(stored.content.length),
    'x-repo-commit': commitOf(repo),
    'accept-ranges': 'bytes',
  })
  response.end()
}

/** Sends a file or a range of it, with whatever trouble is on. */
async function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  stored: Stored,
  trouble: Trouble,
): Promise<void> {
  const size = stored.content.length
  const range = trouble.ignoreRanges ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const begin = range ? Number(range[1]) : 0
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, size) : size
  if (begin >= size && size > 0) return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
  const headers: Record<string, string> = {
    'content-length': String(end - begin),
    etag: `"${stored.sha256}"`,
    'accept-ranges': 'bytes',
  }
  if (range) headers['content-range'] = `bytes ${begin}-${end - 1}/${size}`
  response.writeHead(range ? 206 : 200, headers)
  if (request.method === 'HEAD') return void response.end()

  const content = Buffer.from(stored.content.subarray(begin, end))
  const flip = trouble.flipByteAt === null ? -1 : trouble.flipByteAt - begin
  if (flip >= 0 && flip < content.length) content[flip] = (content[flip] ?? 0) ^ 0xff
  const cutAt = trouble.cuts.shift() ?? Number.POSITIVE_INFINITY
  const stallAt = trouble.stalls.shift() ?? Number.POSITIVE_INFINITY
  const step = trouble.chunkBytes ?? 65_536
  for (let at = 0; at < content.length && !response.destroyed; at += step) {
    const until = Math.min(at + step, cutAt, stallAt, content.length)
    if (until > at && !response.write(content.subarray(at, until))) await drained(response)
    if (until === stallAt) return
    if (until === cutAt) {
      await sleep(20) // let what was written leave before the connection dies
      return void response.destroy()
    }
    if (trouble.chunkBytes !== null) await sleep(5)
  }
  response.end()
}

/** Resolves when there is room again, or nobody takes it any more. */
async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

function tree(repo: Repo, folder: string) {
  return [...repo.files]
    .filter(([path]) => path.startsWith(folder))
    .map(([path, stored]) => ({
      type: 'file',
      path,
      size: stored.content.length,
      oid: createHash('sha1').update(stored.content).digest('hex'),
      ...(stored.lfs ? { lfs: { oid: stored.sha256, size: stored.content.length, pointerSize: 134 } } : {}),
    }))
}

function commitOf(repo: Repo): string {
  const hash = createHash('sha1')
  for (const [path, stored] of repo.files) hash.update(path).update(stored.sha256)
  return hash.digest('hex')
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-error-code': code, 'x-error-message': message })
  response.end(JSON.stringify({ error: message }))
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += (chunk as Buffer).toString()
  return text
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
