/** Which models of an upstream clients can name, and what by. Pure module. */
import type { DiscoveredModel } from './model-list.ts'

/** As an operator chose it. */
export type PublishedModel = {
  /** What the upstream calls it. */
  remote: string
  /** What clients call it. */
  name: string
  task: 'chat' | 'embedding'
  /** Null = as the upstream says, else `CONTEXT_TOKENS_DEFAULT`. */
  contextTokens: number | null
}

/** For the upstream's models that say nothing of their context. */
export const CONTEXT_TOKENS_DEFAULT = 32_768

/** One model as it is served: all is known of it. */
export type ServedUpstreamModel = Omit<PublishedModel, 'contextTokens'> & { contextTokens: number }

/**
 * @param upstream its name, which is the first part of names that nobody chose
 * @param published null = all that it lists
 */
export function servedModels(
  upstream: string,
  published: readonly PublishedModel[] | null,
  discovered: readonly DiscoveredModel[],
): ServedUpstreamModel[] {
  const told = new Map(discovered.map(({ id, contextTokens }) => [id, contextTokens]))
  return (published ?? discovered.map(({ id }) => unnamed(upstream, id))).map((model) => ({
    ...model,
    contextTokens: model.contextTokens ?? told.get(model.remote) ?? CONTEXT_TOKENS_DEFAULT,
  }))
}

/** A model that nobody has named: its task is guessed by what makers call such models. */
function unnamed(upstream: string, remote: string): PublishedModel {
  const task = /embed|(^|[/_-])(bge|gte|e5)[-_]/i.test(remote) ? 'embedding' : 'chat'
  return { remote, name: `${upstream}/${remote}`, task, contextTokens: null }
}

/** The first name that is there twice, within these or among those already `taken`; null = none. */
export function nameTaken(models: readonly { name: string }[], taken: (name: string) => boolean): string | null {
  const seen = new Set<string>()
  for (const { name } of models) {
    if (seen.has(name) || taken(name)) return name
    seen.add(name)
  }
  return null
}
