import { ModelIdMalformed } from './errors.ts'
import type { HubPlace } from './source.ts'

/** What a person may type to name a model: an id of the catalogue, or a file on the hub. */
export type ModelReference = { kind: 'id'; id: string } | { kind: 'hub'; place: HubPlace; id: string }

const ID = /^[a-z0-9][a-z0-9._-]{0,95}$/
const HUB_FILE = /^hf:([\w.-]+\/[\w.-]+)\/((?:[\w.+-]+\/)*[\w.+-]+\.gguf)(?:@([\w./-]+))?$/i

/**
 * `qwen3-8b`, or `hf:owner/repo/path/file.gguf[@revision]`, whose id is the file's name in lower case without `.gguf`.
 * @throws ModelIdMalformed
 */
export function parseModelReference(text: string): ModelReference {
  const hub = HUB_FILE.exec(text.trim())
  if (hub === null) return { kind: 'id', id: checkModelId(text.trim().toLowerCase()) }
  const [, repo = '', file = '', revision] = hub
  if (file.split('/').some((part) => part === '.' || part === '..') || /(^|\/)\.\.?(\/|$)/.test(repo))
    throw new ModelIdMalformed({ model: text })
  const name = (file.split('/').at(-1) ?? file).slice(0, -'.gguf'.length).toLowerCase().replaceAll('+', '-')
  return { kind: 'hub', id: checkModelId(name), place: { kind: 'hub', repo, file, ...(revision ? { revision } : {}) } }
}

/** @throws ModelIdMalformed */
export function checkModelId(id: string): string {
  if (!ID.test(id)) throw new ModelIdMalformed({ model: id })
  return id
}
