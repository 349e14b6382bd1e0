/** The table of rules in groups that a reader looks for. Pure. */

export const RULE_GROUPS = ['models', 'keys', 'usage', 'people', 'projects', 'trail', 'installation'] as const
export type RuleGroup = (typeof RULE_GROUPS)[number]

const BY_NOUN: Record<string, RuleGroup> = {
  inference: 'models',
  models: 'models',
  playground: 'models',
  files: 'models',
  batches: 'models',
  keys: 'keys',
  service_accounts: 'keys',
  usage: 'usage',
  requests: 'usage',
  content_log: 'usage',
  members: 'people',
  owners: 'people',
  invitations: 'people',
  people: 'people',
  operators: 'people',
  organization: 'projects',
  organizations: 'projects',
  project: 'projects',
  audit: 'trail',
}

/** What no noun names is about the installation: status, logs, backups and the like. */
export function groupOf(action: string): RuleGroup {
  return BY_NOUN[action.split('.')[0] ?? ''] ?? 'installation'
}

export type Verdict = 'yes' | 'own' | 'no'

export function verdictOf(rule: { who: readonly string[]; own_only: readonly string[] }, holding: string): Verdict {
  return rule.who.includes(holding) ? 'yes' : rule.own_only.includes(holding) ? 'own' : 'no'
}
