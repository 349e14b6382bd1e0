/**
 * The control server's frame: Fastify with TypeBox schemas, one OpenAPI document made from them, errors in one shape.
 *
 * `control-sockets.ts` puts it behind two sockets: the public one gets what the gateway passes on; the admin one lies in a
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
import type { AppError, ErrorBody } from './errors.ts'
import { newId } from './ids.ts'
import { languageFor } from './languages.ts'
import type { Log } from './log.ts'
import { compilersAtFirstUse } from './schemas-at-first-use.ts'
import type { Sentence } from './sentences.ts'
import { guardText } from './sound-text.ts'
import { translationsWith, type WireError, wireError, wireNoRoute } from './wire-error.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** The body of an expected error in the language that the request asks for, for a route that answers with more beside it. */
    errorBody(error: AppError): ErrorBody
  }
}

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
  /** What the houses' errors say in Chinese; without, they say it in English. */
  inChinese?: readonly Sentence[]
}

export async function createServer({
  log,
  version,
  publicUrl,
  elsewhere,
  inChinese = [],
}: ServerOptions): Promise<Server> {
  const translations = translationsWith(inChinese)
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
  // Clients name a content type also where they send nothing, and nothing is what a DELETE here has to say.
  server.addHook('onRequest', async ({ method, headers }) => {
    if (method === 'DELETE' && !Number(headers['content-length'] ?? 0) && headers['transfer-encoding'] === undefined)
      delete headers['content-type']
  })
  server.addHook('preValidation', async (request) => {
    if (request.body === undefined && isOptionalBody(request.routeOptions.schema?.body)) request.body = {}
  })
  server.addHook('onSend', async (request, reply) => {
    // What somebody named or uploaded must not be taken for a page or a program, whatever it looks like.
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff')
  })
  server.decorateReply('errorBody', function (this: FastifyReply, error: AppError): ErrorBody {
    const wire = wireError(error, languageOf(this.request), translations)
    inLanguage(this, wire)
    return wire.body
  })
  server.setErrorHandler((error, request, reply) => {
    const wire = wireError(error, languageOf(request), translations)
    if (wire.status >= 500) request.log.error({ err: error, route: request.routeOptions.url }, 'a request failed')
    return inLanguage(reply, wire).code(wire.status).send(wire.body)
  })
  server.setNotFoundHandler((request, reply) => {
    const answered = elsewhere?.(request, reply)
    if (answered) return answered
    const path = request.url.split('?')[0] ?? ''
    const wire = wireNoRoute(request.method, path, languageOf(request))
    return inLanguage(reply, wire).code(wire.status).send(wire.body)
  })
  return server
}

function languageOf({ headers }: FastifyRequest) {
  return languageFor(headers['accept-language'])
}

/** Says which language it is in, and that another request may get another one. */
function inLanguage(reply: FastifyReply, { language }: Pick<WireError, 'language'>): FastifyReply {
  return reply.header('content-language', language).header('vary', 'accept-language')
}

/** Marks an operation of the document whose body is wrapped in `Type.Optional`. */
export const OPTIONAL_BODY = 'x-optional-body'

function isOptionalBody(schema: unknown): boolean {
  return Type.IsSchema(schema) && Type.IsOptional(schema)
}
