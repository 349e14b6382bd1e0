/**
 * The one OpenAPI document: what control's routes say of themselves, the routes of the gateway, and for each operation
 * the errors that it can answer.
 *
 *   Fastify's document ─┐
 *   gateway operations ─┼─► ids, who may, errors by place, samples ─► shapes with names moved to `components`
 *   the guide of errors ┘
 *
 * Pure: documents in, document out.
 */

import { OPTIONAL_BODY } from '../../platform/http.ts'
import { ERRORS, type ErrorEntry, type Place } from './error-guide.ts'
import { asSchema, GATEWAY_OPERATIONS, type GatewayOperation, successOf } from './gateway-operations.ts'
import {
  METHODS,
  type Method,
  type OpenApiDocument,
  type OpenApiResponse,
  type Operation,
  operationsOf,
  type Schema,
} from './openapi.ts'
import { operationId } from './operation-id.ts'
import { examplesOf, LANGUAGES, type SampleFacts } from './samples.ts'

/** In the order in which they are shown. */
const TAGS: Record<string, string> = {
  Inference: 'Ask models: OpenAI’s API, and what it lacks. With an API key.',
  Models: 'What there is, does it fit this machine, get it, run it.',
  Upstreams: 'Endpoints elsewhere that serve models here.',
  Routes: 'Names that lead to several models, and models that take nothing new.',
  Safety: 'What projects have looked for in their requests and answers.',
  Files: 'What clients upload, and results of batches: OpenAI’s API. With an API key.',
  Batches:
    'Many requests at once, answered when there is time: OpenAI’s API with an API key, and what people see of it.',
  Playground: 'Sessions that people saved of what they tried.',
  Keys: 'API keys: made, listed, changed, rotated, revoked, found by a leaked secret.',
  Organisations: 'Who pays, and the projects within.',
  Usage: 'What was consumed.',
  'Signing in': 'Ways in and out, for those whom we do not know yet.',
  Account: 'One’s own name, password, passkeys and sessions.',
  People: 'Who is calling, who belongs here, and what others may do for them.',
  Trail: 'Who changed what, chained so that a change of it shows.',
  Backups: 'Copies of the embedded database: made, checked, sent, taken in, restored.',
  Operations: 'How the installation is.',
}

const DESCRIPTION = `Models behind an OpenAI-compatible API, and the routes that run the installation.

Routes under \`/v1\`, \`/tokenize\` and \`/detokenize\` want an API key: \`Authorization: Bearer sk-tw-…\` (or \`x-api-key\`, or \`api-key\`). Routes under \`/api\` want a session, which \`POST /api/auth/sign-in/email\` begins; on the machine itself the command line needs none.

Every answer carries \`x-request-id\`. Errors have OpenAI's shape; match \`code\`, never the sentence.`

const ERROR_SHAPE: Schema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['message', 'type', 'param', 'code'],
      properties: {
        message: { type: 'string', description: 'For people; it may get better.' },
        type: { type: 'string', description: 'Follows from the status.' },
        param: { anyOf: [{ type: 'string' }, { type: 'null' }], description: 'Path of the field at fault.' },
        code: { type: 'string', description: 'Stable: match this.' },
      },
    },
  },
}

const ERROR_ANSWER = {
  'application/json': { schema: { $ref: '#/components/schemas/Error' } },
}

const SUCCESSES: Record<string, string> = {
  200: 'Done.',
  201: 'Made.',
  202: 'Begun; it goes on after this answer.',
  204: 'Done; nothing to say.',
}

/** @param ofControl the document that Fastify makes of control's routes */
export function openApiDocument(ofControl: object, facts: SampleFacts): OpenApiDocument {
  const { info, servers, paths, components } = structuredClone(ofControl) as FastifyDocument
  const described: OpenApiDocument['paths'] = {}
  for (const operation of GATEWAY_OPERATIONS)
    described[operation.path] = { ...described[operation.path], [operation.method]: ofGateway(operation, facts) }
  for (const { method, path, operation } of operationsOf({ paths }))
    described[path] = { ...described[path], [method]: ofControlRoute(method, path, operation) }

  const { value, schemas } = withNames(described, components.schemas ?? {})
  return {
    openapi: '3.1.0',
    info: { ...info, description: DESCRIPTION },
    servers,
    tags: tagsOf(described),
    paths: value,
    components: { schemas: { Error: ERROR_SHAPE, ...schemas }, securitySchemes: components.securitySchemes },
    'x-errors': Object.entries(ERRORS).map(([code, { statuses, means, whatToDo }]) => ({
      code,
      statuses: [...statuses],
      description: means,
      remedy: whatToDo,
    })),
  }
}

type FastifyDocument = Pick<OpenApiDocument, 'info' | 'servers' | 'paths'> & {
  components: { schemas?: Record<string, Schema>; securitySchemes: Record<string, Schema> }
}

function ofGateway(operation: GatewayOperation, facts: SampleFacts): Operation {
  const { method, scope, body } = operation
  const samples = examplesOf(operation.operationId, facts).flatMap(({ title, code }) =>
    LANGUAGES.map((language) => ({ lang: language, label: `${language}: ${title}`, source: code[language] })),
  )
  const described: Operation = {
    operationId: operation.operationId,
    tags: [operation.tag],
    summary: operation.summary,
    description: operation.description,
    security: scope === null ? [] : [{ key: [] }],
    ...(operation.parameters ? { parameters: operation.parameters } : {}),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: asSchema(body) } } } } : {}),
    responses: { 200: successOf(operation) },
    'x-who-may': scope === null ? 'anybody' : `whoever has a key with the scope \`${scope}\``,
    ...(samples.length > 0 ? { 'x-codeSamples': samples } : {}),
  }
  const { error } = operation
  return withErrors(
    described,
    method,
    false,
    error && {
      content: { 'application/json': { schema: asSchema(error) } },
      statusOf: operation.statusOf ?? OPENAI_FORM.statusOf,
    },
  )
}

function ofControlRoute(method: Method, path: string, operation: Operation): Operation {
  const { [OPTIONAL_BODY]: bodyIsOptional, description, ...rest } = operation as Operation & Record<string, unknown>
  const responses = Object.fromEntries(
    Object.entries(operation.responses).map(([status, response]) => [status, described(status, response)]),
  )
  const [, about, whoMay] = /^(.*?)\s*Who may: (.+)\.$/s.exec(description ?? '') ?? [null, description, null]
  const byAccess = operation.security?.some((one) => 'key' in one)
    ? 'whoever has a key with the scope `inference`'
    : operation.security?.length === 0
      ? 'anybody'
      : 'whoever is signed in'
  const made: Operation = {
    ...rest,
    operationId: operation.operationId ?? operationId(method, path, isList(responses['200'])),
    ...(about ? { description: about } : {}),
    security: operation.security ?? [],
    ...(operation.requestBody ? { requestBody: { ...operation.requestBody, required: bodyIsOptional !== true } } : {}),
    responses,
    'x-who-may': whoMay ?? byAccess,
  }
  return withErrors(made, method, true)
}

function described(status: string, response: OpenApiResponse): OpenApiResponse {
  const isPlaceholder = response.description === 'Default Response'
  return isPlaceholder ? { ...response, description: SUCCESSES[status] ?? 'The answer.' } : response
}

function isList(response: OpenApiResponse | undefined): boolean {
  const schema = response?.content?.['application/json']?.schema as { properties?: { data?: { type?: string } } }
  return schema?.properties?.data?.type === 'array'
}

type ErrorForm = { content: NonNullable<OpenApiResponse['content']>; statusOf(status: number): number }

const OPENAI_FORM: ErrorForm = { content: ERROR_ANSWER, statusOf: (status) => status }

/** Adds the answers that carry an error. What a route itself says of such a status gives way, unless it is no error. */
function withErrors(
  operation: Operation,
  method: Method,
  byControl: boolean,
  form: ErrorForm = OPENAI_FORM,
): Operation {
  const places = placesOf(operation, method, byControl)
  const byStatus = new Map<number, [string, ErrorEntry][]>()
  for (const [code, entry] of Object.entries(ERRORS)) {
    if (!entry.at.some((place) => places.has(place))) continue
    for (const status of entry.statuses.map(form.statusOf))
      byStatus.set(status, [...(byStatus.get(status) ?? []), [code, entry]])
  }
  const declared = Object.entries(operation.responses).filter(
    ([status, response]) => Number(status) < 400 || !isError(response),
  )
  const errors = [...byStatus]
    .filter(([status]) => !declared.some(([other]) => other === String(status)))
    .map(([status, entries]): [string, OpenApiResponse] => [
      String(status),
      {
        description: entries.map(([code, { means }]) => `\`${code}\`: ${means}`).join('\n\n'),
        content: form.content,
        'x-codes': entries.map(([code]) => code),
      },
    ])
  const all = [...declared, ...errors].sort(([a], [b]) => a.localeCompare(b))
  return { ...operation, responses: Object.fromEntries(all) }
}

const READS_MESSAGES = [
  'createChatCompletion',
  'createMessage',
  'createResponse',
  'countMessageTokens',
  'createOllamaChat',
  'createOllamaText',
  'tokenize',
]
const READS_TEXT = [...READS_MESSAGES, 'createCompletion']

function placesOf(operation: Operation, method: Method, byControl: boolean): Set<Place> {
  const asks = (scheme: string) => operation.security.some((one) => scheme in one)
  const hasBody = operation.requestBody !== undefined
  const places: [Place, boolean][] = [
    ['any', true],
    ['key', asks('key')],
    ['inference', !byControl && hasBody],
    ['text', READS_TEXT.includes(operation.operationId)],
    ['chat', READS_MESSAGES.includes(operation.operationId)],
    ['session', asks('session')],
    ['change', asks('session') && method !== 'get'],
    ['control', byControl],
    ['input', byControl && (hasBody || (operation.parameters?.length ?? 0) > 0)],
    ['body', byControl && hasBody],
    [`operation:${operation.operationId}`, true],
  ]
  return new Set(places.filter(([, holds]) => holds).map(([place]) => place))
}

function isError(response: OpenApiResponse): boolean {
  const schema = response.content?.['application/json']?.schema as { properties?: object } | undefined
  return schema?.properties !== undefined && 'error' in schema.properties && !('id' in schema.properties)
}

function tagsOf(paths: OpenApiDocument['paths']): OpenApiDocument['tags'] {
  const used = new Set(Object.values(paths).flatMap((item) => METHODS.flatMap((method) => item[method]?.tags ?? [])))
  const known = Object.keys(TAGS).filter((name) => used.has(name))
  const others = [...used].filter((name) => !(name in TAGS))
  return [...known, ...others].map((name) => ({ name, description: TAGS[name] ?? '' }))
}

/**
 * Puts a reference in place of each shape that has a name.
 * @param given shapes that Fastify has named; where it wrote them out nevertheless, they are found by how they look
 * @returns the value with references, and what they lead to
 */
function withNames<Value>(
  value: Value,
  given: Record<string, Schema>,
): { value: Value; schemas: Record<string, Schema> } {
  const schemas: Record<string, Schema> = {}
  const names = new Map(Object.entries(given).map(([name, schema]) => [looks(schema), name]))
  const replace = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(replace)
    if (typeof part !== 'object' || part === null) return part
    const schema = part as Schema
    const name = typeof schema.$id === 'string' ? schema.$id : names.get(looks(schema))
    if (name === undefined) return inside(schema)
    schemas[name] ??= inside(schema)
    return { $ref: `#/components/schemas/${name}` }
  }
  const inside = ({ $id: _name, ...schema }: Schema): Schema =>
    Object.fromEntries(Object.entries(schema).map(([keyword, part]) => [keyword, replace(part)]))
  replace(given)
  return { value: replace(value) as Value, schemas }
}

/** A shape apart from what it is called. */
function looks(schema: Schema): string {
  const { $id: _name, title: _title, ...rest } = schema
  return JSON.stringify(rest)
}
