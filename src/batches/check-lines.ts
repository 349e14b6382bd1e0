/**
 * What a batch's lines must be, checked before the first is asked. Codes are OpenAI's where it has one. Pure module.
 */
import { isUtf8 } from 'node:buffer'
import type { FileLine } from './read-lines.ts'

export type LineProblem = {
  code: string
  message: string
  /** The field at fault; null = the line, or the file, as a whole. */
  param: string | null
  /** From 1; null = it is about the file. */
  line: number | null
}

/** A request as its line says it. */
export type BatchRequest = { customId: string; body: Record<string, unknown>; model: string }

export const ENDPOINTS = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses'] as const
export type Endpoint = (typeof ENDPOINTS)[number]

/** Twice what OpenAI takes. Ids of all of them are in memory while they are compared. */
export const LINES_MAX = 100_000
/** What a worker takes of one request. */
export const LINE_BYTES_MAX = 32 * 1024 * 1024
const CUSTOM_ID_CHARACTERS_MAX = 512
/** Whoever has more mistakes than this has made one mistake many times. */
const PROBLEMS_MAX = 100

export type LineChecks = {
  /** To be called with each line, in their order. @returns whether there is a point in going on */
  check(line: FileLine): boolean
  /** To be called once, after the last. */
  end(): { linesTotal: number; model: string | null; problems: LineProblem[] }
}

export function createLineChecks(endpoint: string): LineChecks {
  const customIds = new Set<string>()
  const problems: LineProblem[] = []
  let linesTotal = 0
  let model: string | null = null

  const problemOf = (line: FileLine): Omit<LineProblem, 'line'> | null => {
    if (line.bytes === null)
      return { code: 'line_too_long', message: `A line may have at most ${LINE_BYTES_MAX} bytes.`, param: null }
    const request = parseLine(line.bytes)
    if ('code' in request) return request
    const { customId } = request
    if (customIds.has(customId))
      return {
        code: 'duplicate_custom_id',
        message: `The custom_id '${customId}' for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.`,
        param: 'custom_id',
      }
    customIds.add(customId)
    if (request.method !== 'POST')
      return { code: 'invalid_method', message: 'The method of a request must be POST.', param: 'method' }
    if (request.url !== endpoint)
      return {
        code: 'invalid_url',
        message: `The URL provided for this request does not match the endpoint of the batch, ${endpoint}.`,
        param: 'url',
      }
    if (request.body.stream === true)
      return { code: 'stream_unsupported', message: 'An answer in a batch cannot be streamed.', param: 'body.stream' }
    model ??= request.model
    if (request.model !== model)
      return {
        code: 'mismatched_model',
        message: `The provided model '${request.model}' differs from '${model}', which the first request names. All requests of a batch must be for one model.`,
        param: 'body.model',
      }
    return null
  }

  return {
    check(line) {
      linesTotal++
      if (linesTotal > LINES_MAX) {
        problems.push({
          code: 'too_many_tasks',
          message: `A batch may have at most ${LINES_MAX} requests.`,
          param: null,
          line: null,
        })
        return false
      }
      const problem = problemOf(line)
      if (problem !== null) problems.push({ ...problem, line: line.number })
      return problems.length < PROBLEMS_MAX
    },
    end() {
      if (linesTotal === 0)
        problems.push({ code: 'empty_file', message: 'The input file holds no request.', param: null, line: null })
      return { linesTotal, model, problems }
    },
  }
}

/** @returns the request, or what keeps it from being one */
export function parseLine(
  bytes: Buffer,
): (BatchRequest & { method: unknown; url: unknown }) | Omit<LineProblem, 'line'> {
  const value = jsonIn(bytes)
  if (!isObject(value))
    return { code: 'invalid_json_line', message: 'This line is not parseable as valid JSON.', param: null }
  const { custom_id: customId, method, url, body } = value
  if (typeof customId !== 'string' || customId === '') return missing('custom_id')
  if (customId.length > CUSTOM_ID_CHARACTERS_MAX || !customId.isWellFormed() || customId.includes('\u0000'))
    return {
      code: 'invalid_custom_id',
      message: `A custom_id is text of at most ${CUSTOM_ID_CHARACTERS_MAX} characters, without NUL.`,
      param: 'custom_id',
    }
  if (method === undefined) return missing('method')
  if (url === undefined) return missing('url')
  if (!isObject(body)) return missing('body')
  if (typeof body.model !== 'string' || body.model === '') return missing('body.model')
  return { customId, method, url, body, model: body.model }
}

function missing(param: string): Omit<LineProblem, 'line'> {
  return { code: 'missing_required_parameter', message: `The request lacks a usable ${param}.`, param }
}

function jsonIn(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) return undefined
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''))
  } catch {
    return undefined // it is told as a problem of its line
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
