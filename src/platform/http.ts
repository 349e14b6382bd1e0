/**
 * The control server's frame: Fastify with TypeBox schemas, one OpenAPI document made from them, errors in one shape.
 *
 * Two servers are made with it. The public one gets what the gateway passes on. The admin one listens on a socket in a
 * folder that only the operator's own account can open, so whoever reaches it is the operator of this machine.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type RawServerDefault,
} from 'fastify'
import { Type } from 'typebox'
import { AppError, errorBody } from './errors.ts'
import { newId } from './ids.ts'
import type { Log } from './log.ts'
import { compilersAtFirstUse } from './schemas-at-first-use.ts'
import { guardText } from './sound-text.ts'

export type Server = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** Of a request to control, unless its route says otherwise. */
export const CONTROL_BODY_BYTES_MAX = 1_048_576

export type ServerOptions = {
  log: Log
  version: string
  publicUrl: string
  /** What answers instead of 404 where no route does, such as a page of the console; null = the 404. */
  elsewhere?: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | null
}

export async function createServer({ log, version, publicUrl, elsewhere }: ServerOptions): Promise<Server> {
  const server = fastify({
    loggerInstance: log.child({ part: 'http' }) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }), // the gateway logs each request
    // The gateway names each request before it passes it on; what comes from elsewhere gets a name here.
    genReqId: (request) => {
      const given = request.headers['x-request-id']
      return typeof given === 'string' && /^req_[0-9a-z]{1,40}$/.test(given) ? given : newId('req')
    },
    bodyLimit: CONTROL_BODY_BYTES_MAX,
    forceCloseConnections: 'idle',
    schemaController: { compilersFactory: compilersAtFirstUse() },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: false } },
  }).withTypeProvider<TypeBoxTypeProvider>()
  // JSON alone: text is what a page of another site can send without asking first.
  server.removeContentTypeParser('text/plain')
  guardText(server)

  await server.register(swagger, {
    convertConstToEnum: false, // OpenAPI 3.1 knows const
    // Named shapes keep their names in the document, and it says which bodies may be left out.
    refResolver: { buildLocalReference: (schema, _base, _fragment, at) => String(schema.$id ?? `def-${at}`) },
    transform: ({ schema, url }) => ({
      schema: isOptionalBody(schema?.body) ? { ...schema, [OPTIONAL_BODY]: true } : schema,
      url,
    }),
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tradewind',
        version,
        description: 'Models behind an OpenAI-compatible API, and the routes that run the installation.',
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key, `sk-tw-…`.' },
          session: { type: 'apiKey', in: 'cookie', name: 'tradewind.session_token' },
        },
      },
    },
  })
  server.addHook('preValidation', async (request) => {
    if (request.body === undefined && isOptionalBody(request.routeOptions.schema?.body)) request.body = {}
  })
  server.addHook('onSend', async (request, reply) => {
    // What somebody named or uploaded must not be taken for a page or a program, whatever it looks like.
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff')
  })
  server.setErrorHandler((error, request, reply) => {
    const { status, body } = wireError(error)
    if (status >= 500) request.log.error({ err: error, route: request.routeOptions.url }, 'a request failed')
    return reply.code(status).send(body)
  })
  server.setNotFoundHandler(
    (request, reply) =>
      elsewhere?.(request, reply) ??
      reply
        .code(404)
        .send(
          errorBody(
            'not_found',
            404,
            `There is no ${request.method} ${request.url.split('?')[0]} here. The routes are listed at /docs.`,
          ),
        ),
  )
  return server
}

/** The one place where an error becomes what a client sees. What is not an expected error says nothing of itself. */
export function wireError(error: unknown): { status: number; body: ReturnType<typeof errorBody> } {
  if (error instanceof AppError)
    return { status: error.status, body: errorBody(error.code, error.status, error.message) }
  const { validation, statusCode, code, message } = error as FastifyFailure
  if (validation)
    return {
      status: 400,
      body: errorBody('invalid_request', 400, `${message}.`.replace(/\.\.$/, '.'), paramOf(validation[0])),
    }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, body: errorBody(FASTIFY_CODES[code ?? ''] ?? 'invalid_request', statusCode, message) }
  return {
    status: 500,
    body: errorBody('internal', 500, 'Something went wrong here. The log has it under this request id.'),
  }
}

/** Marks an operation of the document whose body is wrapped in `Type.Optional`. */
export const OPTIONAL_BODY = 'x-optional-body'

function isOptionalBody(schema: unknown): boolean {
  return Type.IsSchema(schema) && Type.IsOptional(schema)
}

/** What Fastify itself refuses, in the words that the gateway uses for the same trouble. */
const FASTIFY_CODES: Record<string, string> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
}

type FastifyFailure = {
  validation?: { instancePath?: string; params?: { missingProperty?: string } }[]
  statusCode?: number
  code?: string
  message: string
}

function paramOf(failure: { instancePath?: string; params?: { missingProperty?: string } } | undefined): string | null {
  const path = failure?.instancePath?.slice(1).replaceAll('/', '.') ?? ''
  return [path, failure?.params?.missingProperty ?? ''].filter(Boolean).join('.') || null
}
