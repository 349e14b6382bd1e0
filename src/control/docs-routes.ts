/** `/openapi.json`, the document of the whole API, and `/docs`, the same for people. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Server } from '../platform/http.ts'
import { openApiDocument } from './docs/openapi-document.ts'
import { referencePage } from './docs/reference-page.ts'
import type { SampleFacts } from './docs/samples.ts'

export type DocsRoutesOptions = {
  publicUrl: string
  /** A chat model that samples can name. */
  sampleModel(): Promise<string>
}

/** An embedding model of the catalogue that samples can name. */
export const SAMPLE_EMBEDDING_MODEL = 'all-minilm-l6-v2'

const TOKENS = readFileSync(new URL('../../web/src/ui/tokens.css', import.meta.url), 'utf8')
const STYLE = pageFile('style.css', 'text/css; charset=utf-8', TOKENS)
const SCRIPT = pageFile('page.js', 'text/javascript; charset=utf-8')

const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    'img-src data:',
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-type': 'text/html; charset=utf-8',
}

export async function docsRoutes(server: Server, { publicUrl, sampleModel }: DocsRoutesOptions): Promise<void> {
  const open = { config: { access: 'anybody' }, schema: { hide: true } } as const
  let made: { facts: SampleFacts; json: string; page: string } | null = null

  /** Routes never change once the server listens: only another model in the samples asks for another document. */
  async function current() {
    const chatModel = await sampleModel()
    if (made === null || made.facts.chatModel !== chatModel) {
      const facts = { publicUrl, chatModel, embeddingModel: SAMPLE_EMBEDDING_MODEL }
      const document = openApiDocument(server.swagger(), facts)
      const page = referencePage(document, facts, { style: STYLE.url, script: SCRIPT.url })
      made = { facts, json: JSON.stringify(document), page }
    }
    return made
  }

  server.get('/openapi.json', open, async (request, reply) =>
    sendUnlessKnown(request, reply.type('application/json; charset=utf-8'), (await current()).json),
  )
  server.get('/docs', open, async (request, reply) =>
    sendUnlessKnown(request, reply.headers(PAGE_HEADERS), (await current()).page),
  )
  for (const file of [STYLE, SCRIPT])
    server.get(file.path, open, async (request, reply) => {
      // A page of an older version may still ask for its own file by its hash: it gets ours, and nobody keeps it.
      const isOurs = request.url === file.url
      reply.header('cache-control', isOurs ? 'public, max-age=31536000, immutable' : 'no-cache')
      return reply.type(file.type).header('x-content-type-options', 'nosniff').send(file.text)
    })
}

function sendUnlessKnown(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  const tag = `"${hashOf(text)}"`
  reply.header('etag', tag).header('cache-control', 'no-cache')
  return request.headers['if-none-match'] === tag ? reply.code(304).send() : reply.send(text)
}

function pageFile(name: string, type: string, before = '') {
  const text = before + readFileSync(new URL(`./docs/${name}`, import.meta.url), 'utf8')
  const path = `/docs/${name}`
  return { path, url: `${path}?v=${hashOf(text)}`, type, text }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}
