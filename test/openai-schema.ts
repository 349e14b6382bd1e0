/**
 * Checks replies against OpenAI's own description of its API, where a copy of it lies beside the repository.
 *
 * Tests call `openaiSchema()` and skip with a reason where it gives null: the description is 1.2 MB of someone else's
 * work and is not carried along.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'

export type OpenaiSchema = {
  /**
   * @param name of a schema in the description, as in `CreateChatCompletionResponse`
   * @returns what is wrong, one sentence each; empty = the value is valid
   */
  check(name: string, value: unknown): string[]
}

/** For `test(name, { skip }, …)` where `openaiSchema()` is null. */
export const OPENAI_SCHEMA_MISSING = "OpenAI's openapi.json does not lie in ../shared/protocols/openai"

let opened: OpenaiSchema | null | undefined

/** @returns null where the description is missing */
export function openaiSchema(): OpenaiSchema | null {
  opened ??= open()
  return opened
}

function open(): OpenaiSchema | null {
  const text = readDescription()
  if (text === null) return null
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(withNulls(JSON.parse(text)) as object, 'openai')
  return {
    check(name, value) {
      const validate = ajv.getSchema(`openai#/components/schemas/${name}`)
      if (validate === undefined) throw new Error(`OpenAI's description has no schema named ${name}`)
      if (validate(value) === true) return []
      return (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message}`)
    },
  }
}

function readDescription(): string | null {
  const path = fileURLToPath(new URL('../../shared/protocols/openai/openapi.json', import.meta.url))
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** The description says `nullable`, which JSON Schema 2020-12 does not know, also beside `$ref` and `enum`. */
function withNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNulls)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, withNulls(inner)] as const)
  const { nullable, ...schema } = Object.fromEntries(entries) as Record<string, unknown>
  if (nullable === true) return { anyOf: [schema, { type: 'null' }] }
  return nullable === undefined ? schema : { ...schema, nullable }
}
