import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startHubStandIn } from '../../../test/hub-stand-in.ts'
import { bringWeights, type Progress, partPathOf } from '../arrival.ts'
import { readGgufHeader } from '../gguf-header.ts'
import { scratchFolder } from '../scratch-folder.ts'
import { sourceCases } from '../source.cases.ts'
import type { HubPlace } from '../source.ts'
import { tinyGguf } from '../tiny-gguf.ts'
import { createHubSource, type HubOptions } from './hub.ts'

const PLACE: HubPlace = { kind: 'hub', repo: 'Qwen/Tiny-GGUF', file: 'Tiny-Q8_0.gguf' }
const NO_PAUSE = { pauseMs: () => 1 }

/** 640 KB whose every byte matters, so that a wrong resume cannot hide. */
function bigContent(): Buffer {
  const content = tinyGguf({ tensors: [{ name: 'token_embd.weight', shape: [64, 2500] }] })
  randomBytes(640_000).copy(content, content.length - 640_000)
  return content
}

async function arrange(context: TestContext, options: Partial<HubOptions> = {}) {
  const hub = await startHubStandIn()
  context.after(() => hub.close())
  const content = bigContent()
  hub.put(PLACE.repo, PLACE.file, content)
  const source = createHubSource({ hubUrl: hub.url, token: () => null, ...NO_PAUSE, ...options })
  return {
    hub,
    source,
    content,
    place: PLACE,
    missing: { ...PLACE, file: 'None.gguf' },
    folder: await scratchFolder(context),
  }
}

sourceCases('hub', { arrange })

test('the published hash and the commit are known before the download', async (context) => {
  const { source, content } = await arrange(context)
  const found = await source.look(PLACE)
  assert.equal(found.bytes, content.length)
  assert.match(found.sha256 ?? '', /^[0-9a-f]{64}$/)
  assert.match(found.revision ?? '', /^[0-9a-f]{40}$/)
})

test('the header of a remote file is read by ranges, without the file', async (context) => {
  const { hub, source } = await arrange(context)
  hub.put(PLACE.repo, PLACE.file, tinyGguf({ tensors: [{ name: 'token_embd.weight', shape: [64, 10_000] }] }))
  const found = await source.look(PLACE)
  const header = await readGgufHeader(source.readAt(PLACE, found), found.bytes)
  assert.equal(header.parameters, 640_000)
  assert.ok(hub.seen.filter((request) => request.server === 'cdn').every((request) => request.range !== null))
})

test('cut connections are continued from the last byte, and no byte comes twice', async (context) => {
  const { hub, source, content, folder } = await arrange(context)
  hub.trouble.cuts = [100_000, 200_000, 50_000]
  const arrival = await bringWeights({ source, place: PLACE, folder, key: 'pull' })
  assert.ok((await readFile(arrival.path)).equals(content))
  const begins = hub.seen
    .filter((request) => request.server === 'cdn')
    .map((request) => Number(/=(\d+)-/.exec(request.range ?? '')?.[1] ?? 0))
  assert.equal(begins.length, 4)
  assert.deepEqual(
    begins,
    [...begins].sort((a, b) => a - b),
  )
  assert.ok((begins[1] ?? 0) > 0)
})

test('a pull that is stopped goes on from the part file, with a new source as after a restart', async (context) => {
  const { hub, source, content, folder } = await arrange(context)
  hub.trouble.chunkBytes = 8192
  const stop = new AbortController()
  const onProgress = (step: Progress) => step.bytesDone > 0 && stop.abort()
  await assert.rejects(bringWeights({ source, place: PLACE, folder, key: 'pull', signal: stop.signal, onProgress }), {
    name: 'AbortError',
  })
  const kept = (await stat(partPathOf(folder, 'pull'))).size
  assert.ok(kept > 0 && kept < content.length)

  hub.trouble.chunkBytes = null
  hub.seen.length = 0
  const again = createHubSource({ hubUrl: hub.url, token: () => null, ...NO_PAUSE })
  const arrival = await bringWeights({ source: again, place: PLACE, folder, key: 'pull' })
  assert.ok((await readFile(arrival.path)).equals(content))
  assert.equal(hub.seen.find((request) => request.server === 'cdn')?.range, `bytes=${kept}-${content.length - 1}`)
})

test('a file that changed upstream in between starts anew', async (context) => {
  const { hub, source, folder } = await arrange(context)
  hub.trouble.chunkBytes = 8192
  const stop = new AbortController()
  const onProgress = (step: Progress) => step.bytesDone > 0 && stop.abort()
  await assert.rejects(bringWeights({ source, place: PLACE, folder, key: 'pull', signal: stop.signal, onProgress }), {
    name: 'AbortError',
  })
  const newer = bigContent()
  hub.put(PLACE.repo, PLACE.file, newer)
  hub.trouble.chunkBytes = null
  const arrival = await bringWeights({ source, place: PLACE, folder, key: 'pull' })
  assert.ok((await readFile(arrival.path)).equals(newer))
})

test('a server that ignores ranges cannot corrupt a resumed file', async (context) => {
  const { hub, source, content, folder } = await arrange(context)
  hub.trouble.cuts = [300_000]
  hub.trouble.ignoreRanges = true
  const arrival = await bringWeights({ source, place: PLACE, folder, key: 'pull' })
  assert.ok((await readFile(arrival.path)).equals(content))
})

test('server errors and 429 are tried again, and Retry-After is honoured', async (context) => {
  const { hub, source, folder } = await arrange(context)
  hub.trouble.answers = [{ status: 500 }, { status: 503 }, { status: 429, headers: { 'retry-after': '0' } }]
  await bringWeights({ source, place: PLACE, folder, key: 'pull' })
  assert.equal(hub.trouble.answers.length, 0)
})

test('a hub that keeps failing is given up with what to do, and what came stays', async (context) => {
  const { hub, source, folder } = await arrange(context, { triesMax: 3 })
  hub.trouble.cuts = [100_000, 0, 0, 0, 0]
  await assert.rejects(bringWeights({ source, place: PLACE, folder, key: 'pull' }), { code: 'catalog.hub_unreachable' })
  assert.ok((await stat(partPathOf(folder, 'pull'))).size > 0)
})

test('a stream that goes silent is cut and continued', async (context) => {
  const { hub, source, content, folder } = await arrange(context, { stallMs: 100 })
  hub.trouble.stalls = [100_000]
  const arrival = await bringWeights({ source, place: PLACE, folder, key: 'pull' })
  assert.ok((await readFile(arrival.path)).equals(content))
})

test('nobody listens: a clear error', async (context) => {
  const { hub, folder } = await arrange(context)
  await hub.close()
  const source = createHubSource({ hubUrl: hub.url, token: () => null, ...NO_PAUSE, triesMax: 2 })
  await assert.rejects(bringWeights({ source, place: PLACE, folder, key: 'pull' }), {
    code: 'catalog.hub_unreachable',
    message: /ECONNREFUSED/,
  })
})

test('a quick look gives up in its time when the hub is silent', async (context) => {
  const { hub, source } = await arrange(context)
  assert.notEqual(await source.lookQuickly(PLACE, 3000), null)
  hub.trouble.silent = true
  assert.equal(await source.lookQuickly(PLACE, 100), null)
})

test('a wrong byte is found, and the part thrown away', async (context) => {
  const { hub, source, folder } = await arrange(context)
  hub.trouble.flipByteAt = 500_000
  await assert.rejects(bringWeights({ source, place: PLACE, folder, key: 'pull' }), { code: 'catalog.wrong_hash' })
  await assert.rejects(stat(partPathOf(folder, 'pull')), { code: 'ENOENT' })
})

test('a gated repository says what to do, without a token and with one that has no access', async (context) => {
  const { hub, source, folder } = await arrange(context)
  hub.gate(PLACE.repo, ['hf_good'])
  await assert.rejects(bringWeights({ source, place: PLACE, folder, key: 'pull' }), {
    code: 'catalog.gated',
    message: /set it in the settings of the hub/,
  })
  const wrong = createHubSource({ hubUrl: hub.url, token: () => 'hf_wrong', ...NO_PAUSE })
  await assert.rejects(bringWeights({ source: wrong, place: PLACE, folder, key: 'pull' }), {
    code: 'catalog.gated',
    message: /Ask for access/,
  })
})

test('the token goes to the hub and never to where the hub redirects', async (context) => {
  const { hub, folder } = await arrange(context)
  hub.gate(PLACE.repo, ['hf_good'])
  const source = createHubSource({ hubUrl: hub.url, token: () => 'hf_good', ...NO_PAUSE })
  hub.trouble.cuts = [100_000]
  await bringWeights({ source, place: PLACE, folder, key: 'pull' })
  assert.ok(hub.seen.some((request) => request.server === 'hub' && request.authorization === 'Bearer hf_good'))
  assert.ok(hub.seen.filter((request) => request.server === 'cdn').every((request) => request.authorization === null))
})

test('a missing file names those that are there; a missing repository and revision say so', async (context) => {
  const { source } = await arrange(context)
  await assert.rejects(source.look({ ...PLACE, file: 'Other.gguf' }), {
    code: 'catalog.file_missing',
    message: /it holds Tiny-Q8_0\.gguf/,
  })
  await assert.rejects(source.look({ ...PLACE, repo: 'Qwen/None' }), {
    code: 'catalog.file_missing',
    message: /no repository Qwen\/None, or it is private/,
  })
  await assert.rejects(source.look({ ...PLACE, revision: 'v9' }), {
    code: 'catalog.file_missing',
    message: /no revision v9/,
  })
})

test('an error page in place of weights is refused by name', async (context) => {
  const { hub, source, folder } = await arrange(context)
  hub.put(PLACE.repo, 'page.gguf', Buffer.from('<!DOCTYPE html><title>503</title>'))
  await assert.rejects(bringWeights({ source, place: { ...PLACE, file: 'page.gguf' }, folder, key: 'pull' }), {
    code: 'catalog.not_weights',
    message: /web page/,
  })
})

test('a file without a published hash arrives, and says that only its form was checked', async (context) => {
  const { hub, source, folder } = await arrange(context)
  hub.put(PLACE.repo, 'small.gguf', tinyGguf(), { lfs: false })
  const arrival = await bringWeights({ source, place: { ...PLACE, file: 'small.gguf' }, folder, key: join('small') })
  assert.equal(arrival.hashWasPromised, false)
})
