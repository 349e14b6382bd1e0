/** `/openapi.json`: the document; `/docs`: the same for people. */
import type { Server } from '../platform/http.ts'
import { openApiDocument } from './docs/openapi-document.ts'

export type DocsRoutesOptions = {
  publicUrl: string
  /** A chat model that samples can name. */
  sampleModel(): Promise<string>
}

/** An embedding model of the catalogue that samples can name. */
const SAMPLE_EMBEDDING_MODEL = 'all-minilm-l6-v2'

export async function docsRoutes(server: Server, { publicUrl, sampleModel }: DocsRoutesOptions): Promise<void> {
  const open = { config: { access: 'anybody' }, schema: { hide: true } } as const

  const document = async () =>
    openApiDocument(server.swagger(), {
      publicUrl,
      chatModel: await sampleModel(),
      embeddingModel: SAMPLE_EMBEDDING_MODEL,
    })

  server.get('/openapi.json', open, document)
}
