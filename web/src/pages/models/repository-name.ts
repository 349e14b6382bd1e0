/** What a person pastes, as the name of a repository or as an id. Pure. */

const NAME = /^[\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95}$/

/**
 * `owner/repository` from a name, an address of the hub, or a reference of one file (`hf:owner/repository/file.gguf`).
 * @returns null where the text is none of them
 */
export function repositoryIn(text: string): string | null {
  const path = text
    .trim()
    .replace(/^hf:/, '')
    .replace(/^https?:\/\/[^/]+\//, '')
    .replace(/[?#].*$/, '')
  const name = path.split('/').slice(0, 2).join('/')
  return NAME.test(name) ? name : null
}

/** An id for a file: its name in small letters without its ending. Empty where nothing of it may stand in an id. */
export function idFor(path: string): string {
  const file = path.trim().split(/[\\/]/).at(-1) ?? ''
  return file
    .replace(/\.gguf$/i, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 96)
}

export const isId = (text: string): boolean => /^[a-z0-9][a-z0-9._-]{0,95}$/.test(text)
