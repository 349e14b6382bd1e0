/** /api/requests: the requests behind the figures, one by one. */
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { knownCaller } from '../identity/access.ts'
import { csvLine } from '../platform/csv.ts'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import type { Billing } from './billing.ts'
import { csvDocument, csvHeaders, csvShape } from './csv-answer.ts'
import type { RequestContent } from './request-content.ts'
import * as wire from './request-schema.ts'
import type { RequestFilter, RequestSeen } from './requests.ts'
import { filterFrom } from './usage-filter.ts'

/** What is kept of a request beside its usage. */
export type RequestExtras = Pick<RequestContent, 'parametersOf' | 'contentStateOf'>

type RequestRoutesOptions = { billing: Billing; extras?: RequestExtras }

const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }

export async function requestRoutes(server: Server, { billing, extras }: RequestRoutesOptions): Promise<void> {
  const { requests } = billing
  const config = { access: 'usage.read' } as const

  server.get(
    '/api/requests',
    {
      config,
      schema: {
        tags: ['Usage'],
        summary: 'List requests, newest first',
        description: 'Those that reached a model. One is here about a second after its answer ended.',
        querystring: Type.Object({ ...PageQuery, ...wire.RequestQuery }, { additionalProperties: false }),
        response: { 200: wire.RequestPage, ...refusals },
      },
    },
    async (request) => {
      const page = pageFrom(request.query, 'req')
      return pageOnWire(
        await requests.list(knownCaller(request), requestFilterFrom(request.query), page),
        wire.requestOnWire,
      )
    },
  )

  server.get(
    '/api/requests/csv',
    {
      config,
      schema: {
        tags: ['Usage'],
        summary: 'Requests, newest first, as a file for spreadsheets',
        description: 'All that the filter leaves, without an end.',
        querystring: Type.Object(wire.RequestQuery, { additionalProperties: false }),
        response: { 200: csvShape, ...refusals },
      },
    },
    async (request, reply) => {
      const pages = requests.all(knownCaller(request), requestFilterFrom(request.query))
      // Asked for before the answer begins, so that a refusal can still be one.
      const first = await pages.next()
      const heads = Object.keys(wire.RequestShape.properties)
      return reply
        .headers(csvHeaders('requests'))
        .send(Readable.from(csvDocument(heads, requestLines(first.value ?? [], pages))))
    },
  )

  server.get(
    '/api/requests/:id',
    {
      config,
      schema: {
        tags: ['Usage'],
        summary: 'One request: where its time went, who counted its tokens, how it ended',
        description:
          'With its parameters, and whether what it said is kept; `GET /api/requests/{id}/content` reads that.',
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        response: { 200: wire.RequestWholeShape, 401: ErrorShape, 403: ErrorShape, 404: ErrorShape },
      },
    },
    async (request) => {
      const found = await requests.one(knownCaller(request), request.params.id)
      const [detail, contentState] = await Promise.all([
        extras?.parametersOf(found.id) ?? null,
        extras?.contentStateOf(found.id) ?? null,
      ])
      return wire.requestWholeOnWire(found, { detail, contentState })
    },
  )
}

type Query = Parameters<typeof filterFrom>[0] & {
  from?: string
  to?: string
  tokens_min?: number
  requested_model?: string
  id?: string
}

function requestFilterFrom(query: Query): RequestFilter {
  return {
    ...filterFrom(query),
    from: query.from === undefined ? null : Date.parse(query.from),
    to: query.to === undefined ? null : Date.parse(query.to),
    tokensMin: query.tokens_min ?? null,
    requestedModel: query.requested_model ?? null,
    id: query.id ?? null,
  }
}

async function* requestLines(first: RequestSeen[], rest: AsyncGenerator<RequestSeen[]>): AsyncGenerator<string> {
  yield linesOf(first)
  for await (const page of rest) yield linesOf(page)
}

function linesOf(requests: RequestSeen[]): string {
  return requests.map((request) => csvLine(Object.values(wire.requestOnWire(request)))).join('')
}
