/**
 * A pass-through between an official client and the product, so that every reply is held against OpenAI's own
 * description while the client stays as its package brings it.
 *
 *   client ──► recorder (loopback) ──► product          bytes go on as they come, and a copy is checked at the end
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OPENAI_SCHEMA_MISSING, openaiSchema } from './openai-schema.ts'

export type ReplyRecorder = {
  /** For a client's `baseURL`. */
  baseURL: string
  /** Ends it, and fails if a reply was not what OpenAI describes. Says so where the description is missing. */
  close(): Promise<void>
}

/** @param url of the product */
export async function recordReplies(url: string): Promise<ReplyRecorder> {
  const schema = openaiSchema()
  const problems: string[] = []
  let checked = 0

  const check = (name: string, value: unknown) => {
    checked++
    const found = schema?.check(name, value) ?? []
    if (found.length > 0) problems.push(`${name}: ${found.join('; ')} in ${JSON.stringify(value).slice(0, 600)}`)
  }
  const server = createServer((incoming, response) => {
    passOn(url, incoming, response, (answer, body) => {
      for (const { name, value } of partsOf(incoming.url ?? '', answer, body)) check(name, value)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      assert.deepEqual(problems, [], 'replies differ from what OpenAI describes')
      assert.ok(checked > 0, 'no reply came through the recorder')
      console.log(
        schema === null
          ? `Replies were not checked: ${OPENAI_SCHEMA_MISSING}`
          : `${checked} replies and stream events are as OpenAI describes them`,
      )
    },
  }
}

function passOn(
  url: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  onWhole: (answer: IncomingMessage, body: string) => void,
): void {
  const onward = request(`${url}${incoming.url}`, { method: incoming.method, headers: incoming.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      response.write(chunk)
    })
    answer.on('end', () => {
      onWhole(answer, Buffer.concat(chunks).toString('utf8'))
      response.end()
    })
    answer.on('error', () => response.destroy())
  })
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  incoming.pipe(onward)
}

type Part = { name: string; value: unknown }

/** What a reply consists of, each with the name of its schema: one body, or the events of a stream. */
function partsOf(path: string, answer: IncomingMessage, body: string): Part[] {
  if (answer.headers['content-type']?.startsWith('text/event-stream')) {
    return body
      .split('\n\n')
      .filter((event) => event !== '' && event !== 'data: [DONE]')
      .map((event) => {
        const [, data] = /^(?:event: \S+\n)?data: (.*)$/s.exec(event) ?? assert.fail(event)
        return eventPart(path, JSON.parse(data as string))
      })
  }
  const value: unknown = JSON.parse(body)
  return [answer.statusCode === 200 ? bodyPart(path, value) : { name: 'ErrorResponse', value }]
}

function bodyPart(path: string, value: unknown): Part {
  if (path === '/v1/models') return { name: 'ListModelsResponse', value }
  if (path.startsWith('/v1/models/')) return { name: 'Model', value }
  if (path.startsWith('/v1/responses'))
    return { name: path.includes('/input_items') ? 'ResponseItemList' : 'Response', value }
  if (path === '/v1/embeddings') return { name: 'CreateEmbeddingResponse', value: withNumbers(value as Embeddings) }
  return { name: path === '/v1/completions' ? 'CreateCompletionResponse' : 'CreateChatCompletionResponse', value }
}

function eventPart(path: string, value: object): Part {
  if (path === '/v1/responses') return { name: 'ResponseStreamEvent', value }
  if ('error' in value) return { name: 'ErrorResponse', value }
  if (path === '/v1/completions') return { name: 'CreateCompletionResponse', value: asIfWhole(value as TextPiece) }
  return { name: 'CreateChatCompletionStreamResponse', value }
}

type Embeddings = { data: { embedding: string | number[] }[] }

/** The description knows numbers only, though the request it describes may ask for base64, and OpenAI's own clients do. */
function withNumbers(value: Embeddings): unknown {
  const numbers = (text: string) => {
    const bytes = Buffer.from(text, 'base64')
    return Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4))
  }
  const data = value.data.map((one) => ({
    ...one,
    embedding: typeof one.embedding === 'string' ? numbers(one.embedding) : one.embedding,
  }))
  return { ...value, data }
}

type TextPiece = { choices: { finish_reason: string | null }[]; usage?: object | null }

/** The description has one schema for a text completion and for a piece of it, where the end has yet to come. */
function asIfWhole({ usage, ...piece }: TextPiece): unknown {
  const choices = piece.choices.map((choice) => ({ ...choice, finish_reason: choice.finish_reason ?? 'length' }))
  return { ...piece, choices, ...(usage ? { usage } : {}) }
}
