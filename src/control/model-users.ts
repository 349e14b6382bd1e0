/** Who uses a model, for its page: keys that may name it, and projects that did lately. Only what the caller may see. */
import type { Billing } from '../billing/billing.ts'
import type { ModelUsers } from '../deployments/routes.ts'
import type { Identity } from '../identity/identity.ts'
import type { Caller } from '../identity/rules.ts'
import type { Clock } from '../platform/clock.ts'

const DAY_MS = 86_400_000
const DAYS = 30
const KEYS_MAX = 200
const PROJECTS_MAX = 20

export function createModelUsers({ identity, billing, clock }: { identity: Identity; billing: Billing; clock: Clock }) {
  /** @param names of the model itself and of the adapters that are served with it */
  return async (caller: Caller, names: string[]): Promise<ModelUsers> => {
    const [keys, gatewayKeys, projects] = await Promise.all([
      keysNaming(caller, names),
      identity.keys.gatewayKeys(),
      projectsUsing(caller, names),
    ])
    const asked = new Set(names)
    return {
      keys,
      keysOnlyThis: gatewayKeys.filter(({ models }) => models?.every((name) => asked.has(name))).length,
      projects,
    }
  }

  async function keysNaming(caller: Caller, names: string[]): Promise<ModelUsers['keys']> {
    const found = new Map<string, ModelUsers['keys'][number]>()
    for (const model of names) {
      const filter = { organizationId: null, projectId: null, state: 'live' as const, model }
      const { data } = await identity.keys.list(caller, filter, { limit: KEYS_MAX, after: null })
      for (const { id, name, last4, projectId, projectName, models, lastUsedAt } of data)
        found.set(id, {
          id,
          name,
          last4,
          projectId,
          projectName,
          models,
          lastUsedAtMs: lastUsedAt?.getTime() ?? null,
        })
    }
    return [...found.values()]
  }

  async function projectsUsing(caller: Caller, names: string[]): Promise<ModelUsers['projects']> {
    const nowMs = clock.nowMs()
    const found = new Map<string, ModelUsers['projects'][number]>()
    const organizations = await organizationsOfProjects(caller)
    for (const model of names) {
      const { groups, starts } = await billing.usage.figures(caller, {
        from: nowMs - DAYS * DAY_MS,
        to: nowMs,
        step: '1d',
        timeZone: 'UTC',
        groupBy: 'project',
        filter: {
          organizationId: null,
          projectId: null,
          keyId: null,
          personId: null,
          model,
          route: null,
          outcome: null,
        },
        top: PROJECTS_MAX,
        comparePrevious: false,
      })
      for (const { id, name, figures, series } of groups) {
        const organizationId = id === null ? undefined : organizations.get(id)
        if (id === null || organizationId === undefined || figures.requests === 0) continue
        const before = found.get(id)
        const lastDayMs = starts[series.requests.findLastIndex((count) => count > 0)] ?? nowMs
        found.set(id, {
          id,
          name,
          organizationId,
          requests: (before?.requests ?? 0) + figures.requests,
          tokens: (before?.tokens ?? 0) + figures.tokensIn + figures.tokensOut,
          lastDayMs: Math.max(before?.lastDayMs ?? 0, lastDayMs),
        })
      }
    }
    return [...found.values()].sort((a, b) => b.lastDayMs - a.lastDayMs || b.tokens - a.tokens)
  }

  async function organizationsOfProjects(caller: Caller): Promise<Map<string, string>> {
    const { data } = await identity.organizations.listProjects(
      caller,
      { organizationId: null },
      { limit: 200, after: null },
    )
    return new Map(data.map(({ id, organizationId }) => [id, organizationId]))
  }
}
