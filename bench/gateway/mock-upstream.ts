/**
 * The upstream behind every gateway of the bench, a process of its own: OpenAI's chat completions from canned bytes, on raw
 * sockets, so that it costs less than what is measured. A body says what it wants:
 *
 *   nothing special        one JSON answer of about 300 bytes
 *   "stream": true         `STREAM_CHUNKS` events at once, each written by itself
 *   and `UNHURRIED` in it  one event every `PACE_MS`, as an engine that makes 50 tokens a second
 */

import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

export const MOCK_SCRIPT = fileURLToPath(import.meta.url)
export const STREAM_CHUNKS = 50
export const PACED_CHUNKS = 64
export const PACE_MS = 20
export const UNHURRIED = 'take your time'

const USAGE = { prompt_tokens: 20, completion_tokens: 50, total_tokens: 70 }
const COMPLETION = withLength(
  JSON.stringify({
    id: 'chatcmpl-mock',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'mock',
    choices: [
      { index: 0, message: { role: 'assistant', content: 'A short answer, of a few words.' }, finish_reason: 'stop' },
    ],
    usage: USAGE,
  }),
)
const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n',
)
const WORD = event({ choices: [{ index: 0, delta: { content: ' words' }, finish_reason: null }] })
const FINISH = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
const TOTALS = event({ choices: [], usage: USAGE })
const DONE = chunk('data: [DONE]\n\n')
const END = Buffer.from('0\r\n\r\n')

if (process.argv[1] === MOCK_SCRIPT) serve()

function serve(): void {
  const server = createServer({ noDelay: true }, (socket) => {
    let held: Buffer[] = []
    let wanted = 1
    let bytes = 0
    socket.on('error', () => {}) // a gateway that hangs up is no trouble of ours
    socket.on('data', (data: Buffer) => {
      held.push(data)
      bytes += data.length
      if (bytes < wanted) return
      const all = held.length === 1 ? data : Buffer.concat(held)
      const request = wholeRequest(all)
      if (request.wanted > bytes) {
        held = [all]
        wanted = request.wanted
        return
      }
      held = []
      wanted = 1
      bytes = 0
      answer(socket, all)
    })
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
    process.send?.({ port: (server.address() as AddressInfo).port })
  })
  process.on('disconnect', () => process.exit())
}

/** How long the request is that begins here; more than is there while that is not known. No gateway pipelines. */
function wholeRequest(bytes: Buffer): { wanted: number } {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return { wanted: bytes.length + 1 }
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, headEnd))?.[1]
  if (length !== undefined) return { wanted: headEnd + 4 + Number(length) }
  return { wanted: bytes.subarray(-5).equals(END) ? bytes.length : bytes.length + 1 }
}

function answer(socket: Socket, request: Buffer): void {
  const text = request.toString('latin1')
  if (!/"stream": *true/.test(text)) {
    socket.write(COMPLETION)
    return
  }
  const last = Buffer.concat(/"include_usage": *true/.test(text) ? [TOTALS, DONE, END] : [DONE, END])
  socket.write(STREAM_HEAD)
  if (text.includes(UNHURRIED)) walk(socket, last)
  else {
    for (let at = 1; at < STREAM_CHUNKS; at++) socket.write(WORD)
    socket.write(FINISH)
    socket.write(last)
  }
}

function walk(socket: Socket, last: Buffer): void {
  let at = 0
  const timer = setInterval(() => {
    at++
    if (socket.destroyed) clearInterval(timer)
    else if (at < PACED_CHUNKS) socket.write(WORD)
    else {
      clearInterval(timer)
      socket.write(FINISH)
      socket.write(last)
    }
  }, PACE_MS)
}

function withLength(body: string): Buffer {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`
  return Buffer.from(`${head}\r\n\r\n${body}`)
}

function event(fields: object): Buffer {
  const base = { id: 'chatcmpl-mock', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'mock' }
  return chunk(`data: ${JSON.stringify({ ...base, ...fields })}\n\n`)
}

function chunk(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`)
}
