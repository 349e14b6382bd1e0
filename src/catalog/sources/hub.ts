/**
 * A model hub that speaks Hugging Face's protocol, or a mirror of it, through `@huggingface/hub`.
 *
 *   look    model info (which commit is the revision now) and paths info (size, and the SHA-256 that git-lfs keeps)
 *   write   one ranged stream of exactly that commit into <part>, from where <part> ends:
 *
 *     <part>      the bytes so far          <part>.of   which content they belong to; another one starts anew
 *
 * A cut connection, a stall, 429 and 5xx are tried again with growing pauses, and every byte that came counts as a fresh
 * start for the number of tries. What waiting does not cure (gated, missing, refused) is said at once, with what to do.
 *
 * The library's chunk protocol (Xet) is left off: its parts are no plain ranges of the file, so a killed pull could not
 * go on from the bytes on disk, and mirrors rarely speak it. All requests pass through `policed`, because the library
 * neither notices a server that ignores a range nor keeps the hub's own error codes.
 */
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { downloadFile, listFiles, modelInfo, pathsInfo } from '@huggingface/hub'
import { FileMissing, Gated, HubRefused, HubTokenRefused, HubUnreachable } from '../errors.ts'
import type { ReadAt } from '../gguf-header.ts'
import { type Found, type HubPlace, placeName, type Source } from '../source.ts'

export type HubOptions = {
  /** `https://…` of the hub or a mirror, no trailing slash. */
  hubUrl: string
  /** Read token for gated repositories, asked for before each request since it may be changed; null for none. */
  token: () => string | null
  /** Tries without a single new byte before a pull gives up. Default 6. */
  triesMax?: number
  /** Pause before try number 1, 2, …; default 0.5 s doubling to 15 s. A `Retry-After` of the hub is honoured up to a minute. */
  pauseMs?: (attempt: number) => number
  /** A stream without a byte for this long counts as cut. Default 60,000. */
  stallMs?: number
}

export type HubSource = Source<HubPlace> & {
  /** One quick try: what the hub says about the file, or null when it does not answer usefully in time. */
  lookQuickly(place: HubPlace, timeoutMs: number): Promise<Found | null>
  /** Reads single ranges of the remote file, for its header, before any download. */
  readAt(place: HubPlace, found: Found, signal?: AbortSignal): ReadAt
  /** What a repository holds, for a person who waits: gives up sooner than a pull does. */
  listRepository(repo: string, revision?: string): Promise<HubRepository>
}

export type HubRepository = {
  repo: string
  /** The commit that was looked at. */
  revision: string
  /** Whether its owner wants to be asked first. */
  gated: boolean
  /** SPDX-like id that the repository names; null = none. */
  licence: string | null
  /** GGUF files, 500 at most, in the hub's order. */
  files: { path: string; bytes: number; sha256: string | null }[]
}

/** Trouble that may pass. Never leaves this file. */
class MayPass extends Error {
  override name = 'MayPass'
  readonly waitMs: number | null
  constructor(detail: string, waitMs: number | null = null, options?: ErrorOptions) {
    super(detail, options)
    this.waitMs = waitMs
  }
}

/** The server sent something else than the range that was asked for. */
class RangeNotServed extends Error {
  override name = 'RangeNotServed'
}

const WAIT_MS_MAX = 60_000
/** A person waits for a list. */
const LIST_TRIES = 2
const LIST_MS_MAX = 15_000
const LISTED_MAX = 500

export function createHubSource(options: HubOptions): HubSource {
  const { hubUrl, triesMax = 6, stallMs = 60_000 } = options
  const pauseMs = options.pauseMs ?? ((attempt: number) => Math.min(15_000, 500 * 2 ** (attempt - 1)))
  const credentials = () => {
    const token = options.token()
    return token === null ? {} : { accessToken: token }
  }

  async function lookOnce(place: HubPlace, signal: AbortSignal | undefined): Promise<Found> {
    const asked = { hubUrl, ...credentials(), fetch: policed(options, place, signal) }
    const revision = place.revision ?? 'main'
    const info = await modelInfo({ ...asked, name: place.repo, revision, additionalFields: ['sha'] })
    const commit = typeof info.sha === 'string' && info.sha !== '' ? info.sha : revision
    const [entry] = await pathsInfo({ ...asked, repo: place.repo, paths: [place.file], revision: commit })
    if (entry === undefined || entry.type !== 'file') {
      throw new FileMissing({ place: placeName(place), detail: await whatThereIs(place, asked, commit) })
    }
    const bytes = entry.lfs?.size ?? entry.size
    return {
      fileName: place.file.split('/').at(-1) ?? place.file,
      bytes,
      sha256: entry.lfs?.oid ?? null,
      diskBytes: bytes,
      revision: commit,
    }
  }

  async function listOnce(repo: string, revision: string | undefined): Promise<HubRepository> {
    const place: HubPlace = { kind: 'hub', repo, file: '', ...(revision ? { revision } : {}) }
    const signal = AbortSignal.timeout(LIST_MS_MAX)
    const asked = { hubUrl, ...credentials(), fetch: policed(options, place, signal) }
    const wanted = revision ?? 'main'
    const info = await modelInfo({ ...asked, name: repo, revision: wanted, additionalFields: ['sha', 'tags'] })
    const commit = typeof info.sha === 'string' && info.sha !== '' ? info.sha : wanted
    const files: HubRepository['files'] = []
    for await (const entry of listFiles({ ...asked, repo, revision: commit, recursive: true })) {
      if (entry.type !== 'file' || !/\.gguf$/i.test(entry.path)) continue
      files.push({ path: entry.path, bytes: entry.lfs?.size ?? entry.size, sha256: entry.lfs?.oid ?? null })
      if (files.length === LISTED_MAX) break
    }
    const licence = (info.tags ?? []).find((tag) => tag.startsWith('license:'))?.slice('license:'.length) ?? null
    return { repo, revision: commit, gated: info.gated !== false, licence, files }
  }

  async function withTries<T>(signal: AbortSignal | undefined, once: () => Promise<T>, most = triesMax): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once()
      } catch (error) {
        const trouble = passing(error, signal)
        if (attempt >= most)
          throw new HubUnreachable({ hub: hubUrl, detail: trouble.message, tries: attempt }, { cause: error })
        await sleep(Math.min(WAIT_MS_MAX, trouble.waitMs ?? pauseMs(attempt)), undefined, signal ? { signal } : {})
      }
    }
  }

  async function openBlob(place: HubPlace, found: Found, fetch_: typeof fetch): Promise<Blob> {
    const revision = found.revision ?? place.revision ?? 'main'
    const url = `${hubUrl}/${place.repo}/resolve/${encodeURIComponent(revision)}/${place.file.split('/').map(encodeURIComponent).join('/')}`
    const downloadInfo = { size: found.bytes, etag: found.sha256 ?? '', url }
    const blob = await downloadFile({
      repo: place.repo,
      path: place.file,
      revision,
      hubUrl,
      ...credentials(),
      fetch: fetch_,
      xet: false,
      downloadInfo,
    })
    if (blob === null) throw new FileMissing({ place: placeName(place), detail: 'the hub no longer lists it.' })
    return blob
  }

  /** One connection: appends to the part file until the stream ends or breaks. Returns the bytes that are there now. */
  async function streamOnce(
    place: HubPlace,
    found: Found,
    partPath: string,
    onBytes: (done: number) => void,
    signal: AbortSignal | undefined,
  ) {
    const done = await bytesToKeep(partPath, found)
    if (done === found.bytes) return
    const stall = new AbortController()
    const both = signal ? AbortSignal.any([signal, stall.signal]) : stall.signal
    const watchdog = setTimeout(() => stall.abort(new MayPass(`no byte came for ${stallMs} ms`)), stallMs)
    let failure: unknown
    const fetch_: typeof fetch = async (input, init) => {
      try {
        return await policed(options, place, both)(input, init)
      } catch (error) {
        failure = error // the library turns what a stream's fetch throws into a text
        throw error
      }
    }
    const file = await open(partPath, 'a')
    let position = done
    try {
      const blob = await openBlob(place, found, fetch_)
      for await (const chunk of blob.slice(done, found.bytes).stream() as unknown as AsyncIterable<Uint8Array>) {
        watchdog.refresh()
        both.throwIfAborted()
        if (position + chunk.byteLength > found.bytes)
          throw new RangeNotServed('the hub sent more bytes than the file has')
        await file.writeFile(chunk)
        position += chunk.byteLength
        onBytes(position)
      }
      if (position < found.bytes) throw new MayPass(`the connection ended ${found.bytes - position} bytes early`)
    } catch (error) {
      if (stall.signal.aborted && !signal?.aborted) throw stall.signal.reason
      throw failure ?? error
    } finally {
      clearTimeout(watchdog)
      await file.close()
    }
  }

  return {
    kind: 'hub',

    look: (place, signal) => withTries(signal, () => lookOnce(place, signal)),

    async lookQuickly(place, timeoutMs) {
      try {
        return await lookOnce(place, AbortSignal.timeout(timeoutMs))
      } catch {
        return null
      }
    },

    listRepository: (repo, revision) => withTries(undefined, () => listOnce(repo, revision), LIST_TRIES),

    readAt(place, found, signal) {
      return (offset, length) =>
        withTries(signal, async () => {
          const blob = await openBlob(place, found, policed(options, place, signal))
          return new Uint8Array(await blob.slice(offset, Math.min(offset + length, found.bytes)).arrayBuffer())
        })
    },

    async write(place, found, partPath, { signal, onBytes }) {
      for (let attempt = 1; ; attempt++) {
        let came = false
        try {
          await streamOnce(
            place,
            found,
            partPath,
            (done) => {
              came = true
              onBytes?.(done, found.bytes)
            },
            signal,
          )
          await rm(`${partPath}.of`, { force: true })
          return
        } catch (error) {
          if (error instanceof RangeNotServed) await rm(partPath, { force: true })
          const trouble = passing(error, signal)
          if (came) attempt = 0
          else if (attempt >= triesMax)
            throw new HubUnreachable({ hub: hubUrl, detail: trouble.message, tries: attempt }, { cause: error })
          await sleep(
            Math.min(WAIT_MS_MAX, trouble.waitMs ?? pauseMs(Math.max(1, attempt))),
            undefined,
            signal ? { signal } : {},
          )
        }
      }
    },
  }
}

/** Size of the unfinished part, if it belongs to this very content; else it is thrown away and the note renewed. */
async function bytesToKeep(partPath: string, found: Found): Promise<number> {
  const content = `${found.sha256 ?? found.revision ?? ''} ${found.bytes}`
  const notePath = `${partPath}.of`
  const noted = await readFile(notePath, 'utf8').catch(() => null)
  const bytes = (await stat(partPath).catch(() => null))?.size ?? 0
  if (noted === content && bytes <= found.bytes) return bytes
  await rm(partPath, { force: true })
  await writeFile(notePath, content)
  return 0
}

/** Sorts trouble: returns what may pass, throws what will not. */
function passing(error: unknown, signal: AbortSignal | undefined): MayPass {
  if (signal?.aborted) throw signal.reason
  if (error instanceof MayPass) return error
  if (error instanceof RangeNotServed) return new MayPass(error.message, null, { cause: error })
  if (error instanceof DOMException && error.name === 'TimeoutError') return new MayPass('no answer in time')
  // What fetch itself throws: TypeError "fetch failed" with the network's error as cause, or "terminated" in mid-stream.
  if (error instanceof TypeError) {
    const cause = error.cause as (Error & { code?: string }) | undefined
    return new MayPass(cause?.code ?? cause?.message ?? error.message, null, { cause: error })
  }
  throw error
}

/** `fetch` that turns the hub's refusals into errors that say what to do, and holds the server to the range asked for. */
function policed(options: HubOptions, place: HubPlace, signal: AbortSignal | undefined): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, ...(signal ? { signal } : {}) })
    if (!response.ok) {
      await response.body?.cancel()
      throw refusal(options, place, response)
    }
    const range = /^bytes=(\d+)-/.exec(new Headers(init?.headers).get('range') ?? '')
    if (range !== null) {
      const served = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')
      const wanted = Number(range[1])
      const fromStart = response.status === 200 && wanted === 0
      if (!fromStart && (response.status !== 206 || Number(served?.[1]) !== wanted)) {
        await response.body?.cancel()
        throw new RangeNotServed(`the hub answered ${response.status} to a request for bytes from ${wanted}`)
      }
    }
    return response
  }
}

function refusal(options: HubOptions, place: HubPlace, response: Response): Error {
  const { hubUrl: hub } = options
  const hasToken = options.token() !== null
  const { status } = response
  const code = response.headers.get('x-error-code') ?? ''
  const detail = response.headers.get('x-error-message') ?? response.statusText
  const fromHub = response.url === '' || new URL(response.url).origin === new URL(hub).origin
  if (code === 'GatedRepo') return new Gated({ repo: place.repo, hub, hasToken })
  if (code === 'RepoNotFound' || code === 'RevisionNotFound' || code === 'EntryNotFound' || status === 404)
    return new FileMissing({ place: placeName(place), detail: missingDetail(code, place, hasToken) })
  if (status === 416) return new RangeNotServed('the hub has no bytes there')
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return new MayPass(`status ${status}`, retryAfterMs(response))
  // A download address that the hub signed has run out; the next try begins at the hub and gets a new one.
  if (!fromHub && status === 403) return new MayPass('the download address expired')
  if (status === 401 && fromHub)
    return hasToken ? new HubTokenRefused({ hub }) : new Gated({ repo: place.repo, hub, hasToken })
  return new HubRefused({ hub, httpStatus: status, detail: detail || 'no reason given' })
}

function missingDetail(code: string, place: HubPlace, hasToken: boolean): string {
  if (code === 'RepoNotFound')
    return `no repository ${place.repo}${hasToken ? ' that this token may see' : ', or it is private'}.`
  if (code === 'RevisionNotFound') return `no revision ${place.revision ?? 'main'} of ${place.repo}.`
  return `no file ${place.file} in ${place.repo}.`
}

/** Seconds or a date, as HTTP allows; null when absent or unreadable. */
function retryAfterMs(response: Response): number | null {
  const value = response.headers.get('retry-after')
  if (value === null) return null
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now())
}

type Asked = { hubUrl: string; fetch: typeof fetch; accessToken?: string }

/** File names change; naming those that are there saves a person the visit. */
async function whatThereIs(place: HubPlace, asked: Asked, revision: string): Promise<string> {
  const names: string[] = []
  for await (const entry of listFiles({ ...asked, repo: place.repo, revision, recursive: true })) {
    if (/\.(gguf|safetensors)$/i.test(entry.path)) names.push(entry.path)
    if (names.length === 20) break
  }
  const there = names.length > 0 ? `it holds ${names.join(', ')}.` : 'it holds no GGUF or safetensors file.'
  return `${place.repo} has no file ${place.file}; ${there}`
}
