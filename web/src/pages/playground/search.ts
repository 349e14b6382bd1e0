import { columnsOf, modelOf } from './columns.ts'

export const MODES = ['chat', 'completion', 'embeddings', 'tokens'] as const
export type Mode = (typeof MODES)[number]

/** What stands beside the work: the parameters (default on a desk), saved sessions, the code of the request, or nothing. */
export const BESIDES = ['parameters', 'saved', 'code', 'nothing'] as const
export type Beside = (typeof BESIDES)[number]

/** Less than a session's limit, for the number of a second column. */
const MODEL_CHARACTERS_MAX = 198

/** As many as a session may compare. */
export const MODELS_MAX = 4

export type PlaygroundSearch = {
  /** Chat where absent. A saved session has its own. */
  mode?: Mode
  /** Ids of models, between commas; the same twice = two columns. */
  models?: string
  beside?: Beside
  /** The column whose code stands beside; the first where absent. */
  of?: string
  /** Part of the title that saved sessions are looked for by. */
  find?: string
}

const oneOf = <Word extends string>(words: readonly Word[], value: unknown): Word | undefined =>
  words.find((word) => word === value)

/** What the address of this page may say. What it does not know is left out. */
export function parsePlaygroundSearch(raw: Record<string, unknown>): PlaygroundSearch {
  const mode = oneOf(MODES, raw.mode)
  const beside = oneOf(BESIDES, raw.beside)
  const models = addressOf(modelsIn(typeof raw.models === 'string' ? raw.models : ''))
  return {
    ...(mode && mode !== 'chat' ? { mode } : {}),
    ...(models === '' ? {} : { models }),
    ...(beside ? { beside } : {}),
    ...(beside === 'code' && typeof raw.of === 'string' && raw.of !== '' ? { of: raw.of } : {}),
    ...(typeof raw.find === 'string' && raw.find !== '' ? { find: raw.find } : {}),
  }
}

/** Names of columns, at most four. A model that is there twice has two. */
export function modelsIn(text: string): string[] {
  const names = text.split(',').map((name) => modelOf(name.trim()))
  return columnsOf(names.filter((name) => name !== '' && name.length <= MODEL_CHARACTERS_MAX).slice(0, MODELS_MAX))
}

export const addressOf = (columns: readonly string[]): string => columns.map(modelOf).join(',')

/** Another session has models, a mode and a panel of its own; the project stays. */
export const keepProject = ({ project, beside }: { project?: string; beside?: string }) => ({
  ...(project === undefined ? {} : { project }),
  ...(beside === undefined ? {} : { beside }),
})
