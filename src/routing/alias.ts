/**
 * Aliases: names that operators make, each of which leads to one of several models. What one may look like, and what is
 * wrong with one, in values alone.
 *
 * Pure module.
 */

/** One model of a tier, and its share of what the tier gets. 0 = nothing new. */
export type AliasTarget = { model: string; weight: number }

export type AliasRules = {
  /** Tried one after the other. */
  tiers: { targets: AliasTarget[] }[]
  /** How many attempts more than the first may reach an engine. */
  retries: number
  /** Longest wait of a stream for its first content, and longest silence within an answer; null = the gateway's own. */
  firstTokenMs: number | null
  silenceMs: number | null
  /** A copy of this share (0–1) of the requests goes to this model too. */
  shadow: { model: string; share: number } | null
  enabled: boolean
}

export type AliasDraft = AliasRules & { name: string }

export const TIERS_MAX = 8
export const TARGETS_MAX = 16
export const WEIGHT_MAX = 1_000
export const RETRIES_MAX = 10

/** What is known of names when an alias is checked. */
export type KnownNames = {
  isModel(name: string): boolean
  isAlias(name: string): boolean
}

export type AliasProblem = { path: string; reason: string }

/** Why an alias cannot be; null = it can. Models that are not there are no problem: they may come. */
export function aliasProblem(alias: AliasDraft, known: KnownNames): AliasProblem | null {
  if (known.isModel(alias.name))
    return {
      path: 'name',
      reason: `${alias.name} is a model here, and a name has one meaning. Choose another name, and have clients ask for that`,
    }
  const seen = new Set<string>()
  for (const [tier, { targets }] of alias.tiers.entries()) {
    for (const [at, { model }] of targets.entries()) {
      const path = `tiers[${tier}].targets[${at}].model`
      if (model === alias.name) return { path, reason: 'a route cannot lead to itself. Name a model' }
      if (known.isAlias(model))
        return {
          path,
          reason: `${model} is a route itself, and a route leads to models. Name the models that it leads to`,
        }
      if (seen.has(model)) return { path, reason: `${model} is here twice. Name each model once` }
      seen.add(model)
    }
    if (targets.every(({ weight }) => weight === 0) && alias.tiers.length === 1)
      return { path: `tiers[${tier}].targets`, reason: 'nothing here has a weight above 0, so nothing would answer' }
  }
  const { shadow } = alias
  if (shadow === null) return null
  if (known.isAlias(shadow.model))
    return { path: 'shadow.model', reason: `${shadow.model} is a route itself. Name a model` }
  return shadow.model === alias.name ? { path: 'shadow.model', reason: 'a route cannot lead to itself' } : null
}

/** Models that an alias names, each once. */
export function modelsOf({ tiers, shadow }: Pick<AliasRules, 'tiers' | 'shadow'>): string[] {
  const targets = tiers.flatMap(({ targets }) => targets.map(({ model }) => model))
  return [...new Set(shadow === null ? targets : [...targets, shadow.model])]
}
