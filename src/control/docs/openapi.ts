/** The parts of an OpenAPI 3.1 document that we write and read: https://spec.openapis.org/oas/v3.1.0 */

export type Schema = { [keyword: string]: unknown }

export type Media = { schema: Schema }

export type OpenApiResponse = {
  description: string
  headers?: Record<string, { description?: string; schema?: Schema }>
  content?: Record<string, Media>
  /** Codes that an error answer can carry. */
  'x-codes'?: string[]
}

export type Parameter = {
  in: 'path' | 'query' | 'header' | 'cookie'
  name: string
  required?: boolean
  description?: string
  schema: Schema
}

export type Sample = { lang: string; label: string; source: string }

export type Operation = {
  operationId: string
  tags: string[]
  summary: string
  description?: string
  security: Record<string, string[]>[]
  parameters?: Parameter[]
  requestBody?: { required: boolean; content: Record<string, Media> }
  responses: Record<string, OpenApiResponse>
  /** Completes "Who may: …". */
  'x-who-may': string
  /** Read by several viewers: https://redocly.com/docs-legacy/api-reference-docs/specification-extensions/x-code-samples */
  'x-codeSamples'?: Sample[]
}

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const
export type Method = (typeof METHODS)[number]

export type OpenApiDocument = {
  openapi: string
  info: { title: string; version: string; description: string; license: { name: string; url: string } }
  servers: { url: string }[]
  tags: { name: string; description: string }[]
  paths: Record<string, Partial<Record<Method, Operation>>>
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, Schema> }
  /** Every code that a client can meet. */
  'x-errors': { code: string; statuses: number[]; description: string; remedy: string }[]
}

/** Each operation with where it is, in the document's order. */
export function* operationsOf(document: Pick<OpenApiDocument, 'paths'>) {
  for (const [path, item] of Object.entries(document.paths))
    for (const method of METHODS) {
      const operation = item[method]
      if (operation) yield { method, path, operation }
    }
}

/** The schema itself, or what its `$ref` names. */
export function resolve(document: Pick<OpenApiDocument, 'components'>, schema: Schema): Schema {
  if (typeof schema.$ref !== 'string') return schema
  return document.components.schemas[nameInRef(schema.$ref)] ?? {}
}

/** `Usage` of `#/components/schemas/Usage`. */
export function nameInRef(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}
