/**
 * Who may do what: one table, default deny. What is not listed is refused.
 *
 * An action reaches over the installation (models, machines, backups) or over one organisation (its keys, its projects).
 * A role in an organisation counts for actions on that organisation only; for actions on the installation, any
 * membership counts as what it is. Within one project, a role there goes before the role in the organisation, be it more
 * or less; only an owner stays an owner everywhere (`roleIn`). `machine` is the command line on this machine: whoever can open the admin socket can
 * read the database itself, so refusing it would protect nothing. An operator runs machines and models and has, by that
 * role alone, no look into an organisation's projects and keys.
 *
 * The table is the documentation: docs/authorization.md is printed from it (`rules-page.ts`), and a test holds them equal.
 * Pure module.
 */
import { Forbidden, OrganizationUnknown, Unauthenticated } from './errors.ts'

export type InstallationRole = 'operator'
export type OrganizationRole = 'owner' | 'admin' | 'developer' | 'viewer'
/** A role in one project. There is no owner of a project: who owns the organisation owns all of it. */
export type ProjectRole = Exclude<OrganizationRole, 'owner'>
export type KeyScope = 'inference' | 'models.read'

export const ORGANIZATION_ROLES: readonly OrganizationRole[] = ['owner', 'admin', 'developer', 'viewer']
export const PROJECT_ROLES: readonly ProjectRole[] = ['admin', 'developer', 'viewer']
export const KEY_SCOPES: readonly KeyScope[] = ['inference', 'models.read']

/** What somebody can hold that opens an action. */
export type Holding = 'machine' | InstallationRole | OrganizationRole | `key:${KeyScope}`

export const HOLDINGS: readonly Holding[] = [
  'machine',
  'operator',
  ...ORGANIZATION_ROLES,
  'key:inference',
  'key:models.read',
]

type Rule = {
  /** Ends the sentence "This lets one …". */
  says: string
  on: 'installation' | 'organization'
  who: readonly Holding[]
  /** These may too, but only on what they made themselves. */
  ownOnly?: readonly Holding[]
  /** A role in one of its projects is enough, also where that is all that somebody has in the organisation. */
  throughProjects?: true
}

const EVERY_ROLE = ['owner', 'admin', 'developer', 'viewer'] as const
const RUNS_THE_INSTALLATION = ['machine', 'operator'] as const
const MANAGES = ['machine', 'owner', 'admin'] as const

/** The one table of rules. */
export const RULES = {
  inference: {
    says: 'send prompts to models through the API',
    on: 'organization',
    who: ['owner', 'admin', 'developer', 'key:inference'],
  },
  'models.list': {
    says: 'see which models there are',
    on: 'installation',
    who: [...RUNS_THE_INSTALLATION, ...EVERY_ROLE, 'key:models.read'],
  },
  'models.read': {
    says: "see one model's facts and whether it fits this machine",
    on: 'installation',
    who: [...RUNS_THE_INSTALLATION, ...EVERY_ROLE, 'key:models.read'],
  },
  'models.pull': { says: 'fetch weights onto this machine', on: 'installation', who: RUNS_THE_INSTALLATION },
  'models.load': { says: 'load a model into memory', on: 'installation', who: RUNS_THE_INSTALLATION },
  'models.unload': { says: 'unload a model from memory', on: 'installation', who: RUNS_THE_INSTALLATION },
  'models.delete': { says: 'delete weights from disk', on: 'installation', who: RUNS_THE_INSTALLATION },
  'status.read': {
    says: 'see what runs, and the state of the machine',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'logs.read': { says: 'read the logs of the installation', on: 'installation', who: RUNS_THE_INSTALLATION },
  'installation.read': {
    says: 'see the settings, versions and limits of the installation',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'hub.update': {
    says: 'set or clear the token for gated repositories of the model hub',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'upstreams.read': {
    says: 'see the upstreams: endpoints elsewhere that serve models here',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'upstreams.change': {
    says: 'add, change, test and delete upstreams, and say what lets us in there',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'routes.read': {
    says: 'see the routes: names that lead to several models',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'routes.change': {
    says: 'make, change and remove routes, and drain models',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'machine.read': {
    says: "see the machine's name, cores, and memory that models use",
    on: 'installation',
    who: [...RUNS_THE_INSTALLATION, ...EVERY_ROLE],
  },
  'backup.read': { says: 'see which backups there are', on: 'installation', who: RUNS_THE_INSTALLATION },
  'backup.create': { says: 'write a backup', on: 'installation', who: RUNS_THE_INSTALLATION },
  'backup.download': { says: 'download a backup', on: 'installation', who: RUNS_THE_INSTALLATION },
  'backup.delete': {
    says: 'delete a backup, and say how many nightly ones are kept',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'backup.restore': {
    says: 'upload a backup, and put one in the place of the present data',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'organizations.create': { says: 'make an organisation', on: 'installation', who: RUNS_THE_INSTALLATION },
  'people.list': { says: 'see who can sign in here', on: 'installation', who: RUNS_THE_INSTALLATION },
  'people.reset_password': {
    says: 'make a link by which somebody sets a new password, if all that this person belongs to is yours',
    on: 'organization',
    who: [...RUNS_THE_INSTALLATION, 'owner'],
  },
  'people.end_sessions': {
    says: 'sign somebody out everywhere',
    on: 'organization',
    who: [...RUNS_THE_INSTALLATION, 'owner', 'admin'],
  },
  'operators.list': { says: 'see who runs the installation', on: 'installation', who: RUNS_THE_INSTALLATION },
  'operators.change': {
    says: 'make somebody an operator, or no operator any more',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'organization.read': {
    says: 'see that an organisation exists, and its name',
    on: 'organization',
    who: [...RUNS_THE_INSTALLATION, ...EVERY_ROLE],
    throughProjects: true,
  },
  'organization.update': {
    says: 'rename an organisation',
    on: 'organization',
    who: [...RUNS_THE_INSTALLATION, 'owner', 'admin'],
  },
  'organization.limit': {
    says: 'limit how much an organisation may ask of models',
    on: 'organization',
    who: [...RUNS_THE_INSTALLATION, 'owner'],
  },
  'organization.delete': {
    says: 'delete an organisation with all that is in it',
    on: 'organization',
    who: [...RUNS_THE_INSTALLATION, 'owner'],
  },
  'members.list': {
    says: 'see who belongs to an organisation or a project, with which role; a guest of one project sees, by name alone, who has a role in it or manages the organisation',
    on: 'organization',
    who: ['machine', ...EVERY_ROLE],
  },
  'members.change': {
    says: "change somebody's role in an organisation or a project, or take somebody out",
    on: 'organization',
    who: MANAGES,
  },
  'owners.change': {
    says: 'make somebody an owner, change an owner, or take one out',
    on: 'organization',
    who: ['machine', 'owner'],
  },
  'invitations.list': { says: 'see which invitations are open', on: 'organization', who: MANAGES },
  'invitations.create': { says: 'invite somebody', on: 'organization', who: MANAGES },
  'invitations.revoke': { says: 'take an invitation back', on: 'organization', who: MANAGES },
  'service_accounts.list': {
    says: 'see the service accounts of an organisation',
    on: 'organization',
    who: ['machine', ...EVERY_ROLE],
  },
  'service_accounts.create': { says: 'make a service account', on: 'organization', who: MANAGES },
  'service_accounts.delete': {
    says: 'delete a service account, which revokes its keys',
    on: 'organization',
    who: MANAGES,
  },
  'project.create': { says: 'make a project', on: 'organization', who: MANAGES },
  'project.delete': { says: 'delete a project with all that is in it', on: 'organization', who: MANAGES },
  'project.read': { says: 'see the projects of an organisation', on: 'organization', who: ['machine', ...EVERY_ROLE] },
  'project.update': {
    says: 'change a project, such as its name, its limits, and whether its prompts may be kept on disk',
    on: 'organization',
    who: MANAGES,
  },
  'keys.create': {
    says: 'make an API key for a project',
    on: 'organization',
    who: ['machine', 'owner', 'admin', 'developer'],
  },
  'keys.list': {
    says: "see an organisation's keys (never their secrets)",
    on: 'organization',
    who: ['machine', ...EVERY_ROLE],
  },
  'keys.update': {
    says: "change an API key's name, models, addresses, limits and end",
    on: 'organization',
    who: MANAGES,
    ownOnly: ['developer'],
  },
  'keys.rotate': {
    says: 'give an API key a new secret',
    on: 'organization',
    who: MANAGES,
    ownOnly: ['developer'],
  },
  'keys.revoke': {
    says: 'revoke an API key',
    on: 'organization',
    who: ['machine', 'owner', 'admin'],
    ownOnly: ['developer', 'viewer'],
  },
  'playground.read': {
    says: 'see saved playground sessions: their own, and those shared with the project',
    on: 'organization',
    who: ['machine', ...EVERY_ROLE],
  },
  'playground.write': {
    says: 'save playground sessions, and save over those shared with the project',
    on: 'organization',
    who: ['machine', 'owner', 'admin', 'developer'],
  },
  'playground.delete': {
    says: 'delete a saved playground session, or change who sees it',
    on: 'organization',
    who: MANAGES,
    ownOnly: ['developer', 'viewer'],
  },
  'files.read': {
    says: 'see the files of a project, and read what is in them',
    on: 'organization',
    who: ['machine', 'owner', 'admin', 'developer', 'key:inference'],
  },
  'files.write': {
    says: 'upload and delete files of a project',
    on: 'organization',
    who: ['machine', 'owner', 'admin', 'developer', 'key:inference'],
  },
  'batches.read': {
    says: 'see the batches of a project, and how far they are',
    on: 'organization',
    who: ['machine', ...EVERY_ROLE, 'key:inference'],
  },
  'batches.create': {
    says: 'have the requests of a file answered as a batch',
    on: 'organization',
    who: ['owner', 'admin', 'developer', 'key:inference'],
  },
  'batches.cancel': {
    says: 'cancel a batch',
    on: 'organization',
    who: ['machine', 'owner', 'admin', 'developer', 'key:inference'],
  },
  'usage.read': {
    says: 'see what the requests of an organisation have consumed',
    on: 'organization',
    who: ['machine', ...EVERY_ROLE],
  },
  'requests.content.read': {
    says: 'read what a request and its answer said, where the project keeps that',
    on: 'organization',
    who: ['machine', 'owner', 'admin', 'developer'],
  },
  'content_log.read': {
    says: 'see how much is kept of what requests said',
    on: 'organization',
    who: [...RUNS_THE_INSTALLATION, ...EVERY_ROLE],
  },
  'content_log.delete': {
    says: 'delete what is kept of what the requests of a project said',
    on: 'organization',
    who: MANAGES,
  },
  'audit.read': {
    says: 'read the trail of changes in an organisation',
    on: 'organization',
    who: ['machine', 'owner', 'admin'],
  },
  'audit.read_installation': {
    says: 'read the trail of changes to the installation itself, such as who signed in',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
  'audit.verify': {
    says: 'check that no event of the trail was changed, added or taken out',
    on: 'installation',
    who: RUNS_THE_INSTALLATION,
  },
} as const satisfies Record<string, Rule>

export type Action = keyof typeof RULES
export const ACTIONS = Object.keys(RULES) as Action[]

export type PersonCaller = {
  kind: 'person'
  userId: string
  name: string
  email: string
  operator: boolean
  memberships: { organizationId: string; role: OrganizationRole }[]
  /** Roles in single projects; absent = none. */
  projectRoles?: { organizationId: string; projectId: string; role: ProjectRole }[]
  /** Where the request came from; null = unknown. */
  address: string | null
  /** Which of his sessions he came with; absent where there is none, as in a test. */
  sessionId?: string
}
export type KeyCaller = { kind: 'key'; keyId: string; organizationId: string; projectId: string; scopes: KeyScope[] }
/** The command line on this machine, through the admin socket. */
export type MachineCaller = { kind: 'machine' }

export type Caller = PersonCaller | KeyCaller | MachineCaller

/** What an action is done to. */
export type Target = {
  /** Needed by every action on an organisation: without it only `machine` and `operator` can pass. */
  organizationId?: string
  projectId?: string
  /** A person's id, for rules that end at what one made oneself. */
  createdBy?: string
}

export function may(caller: Caller, action: Action, target: Target = {}): boolean {
  const rule: Rule = RULES[action]
  return holdingsOf(caller, rule, target).some(
    (holding) => rule.who.includes(holding) || (rule.ownOnly?.includes(holding) === true && isOwn(caller, target)),
  )
}

/**
 * @throws Unauthenticated where nobody is calling
 * @throws Forbidden which says who could
 */
export function requireMay(caller: Caller | null, action: Action, target: Target = {}): asserts caller is Caller {
  if (caller === null) throw new Unauthenticated({})
  if (!may(caller, action, target)) throw new Forbidden({ action, does: RULES[action].says, who: whoMay(action) })
}

/** @throws OrganizationUnknown unless `caller` may do `action` there: what one may not see is not there */
export function requireVisible(caller: Caller, organizationId: string, action: Action): void {
  if (!may(caller, action, { organizationId })) throw new OrganizationUnknown({ organization: organizationId })
}

/** The organisations on which `caller` may do `action`. For lists: what is not in here does not exist for him. */
export function organizationsFor(caller: Caller, action: Action): 'all' | string[] {
  if (may(caller, action)) return 'all'
  if (caller.kind === 'person') {
    const known = [...caller.memberships, ...(caller.projectRoles ?? [])].map(({ organizationId }) => organizationId)
    return [...new Set(known)].filter((organizationId) => may(caller, action, { organizationId }))
  }
  if (caller.kind === 'key' && may(caller, action, caller)) return [caller.organizationId]
  return []
}

/** The role that counts: in the organisation, or in one project of it. Null = none. */
export function roleIn(person: PersonCaller, organizationId: string, projectId?: string): OrganizationRole | null {
  const role = person.memberships.find((one) => one.organizationId === organizationId)?.role ?? null
  if (projectId === undefined || role === 'owner') return role
  const inProject = person.projectRoles?.find(
    (one) => one.organizationId === organizationId && one.projectId === projectId,
  )
  return inProject?.role ?? role
}

/** In words: "the command line on this machine, or an owner or admin of the organisation". */
export function whoMay(action: Action): string {
  const rule: Rule = RULES[action]
  const kinds: string[] = []
  if (rule.who.includes('machine')) kinds.push('the command line on this machine')
  if (rule.who.includes('operator')) kinds.push('an operator')
  const roles = ORGANIZATION_ROLES.filter((role) => rule.who.includes(role))
  if (roles.length > 0)
    kinds.push(`${article(roles[0]!)} ${orList(roles)} of ${rule.on === 'organization' ? 'the' : 'any'} organisation`)
  const own = ORGANIZATION_ROLES.filter((role) => rule.ownOnly?.includes(role))
  if (own.length > 0) kinds.push(`${article(own[0]!)} ${orList(own)} for what they made themselves`)
  const scopes = KEY_SCOPES.filter((scope) => rule.who.includes(`key:${scope}`))
  if (scopes.length > 0) kinds.push(`an API key with the scope ${orList(scopes)}`)
  return kinds.length < 2 ? (kinds[0] ?? 'nobody') : `${kinds.slice(0, -1).join(', ')}, or ${kinds.at(-1)}`
}

function holdingsOf(caller: Caller, { on, throughProjects }: Rule, target: Target): Holding[] {
  switch (caller.kind) {
    case 'machine':
      return ['machine']
    case 'key': {
      const inReach =
        on === 'installation' ||
        (target.organizationId === caller.organizationId &&
          (target.projectId === undefined || target.projectId === caller.projectId))
      return inReach ? caller.scopes.map((scope) => `key:${scope}` as const) : []
    }
    case 'person':
      return [...(caller.operator ? (['operator'] as const) : []), ...rolesOf(caller, on, target, throughProjects)]
    default:
      return caller satisfies never
  }
}

function rolesOf(
  person: PersonCaller,
  on: Rule['on'],
  { organizationId, projectId }: Target,
  throughProjects = false,
): OrganizationRole[] {
  const inProjects = person.projectRoles ?? []
  if (on === 'installation') return [...person.memberships, ...inProjects].map(({ role }) => role)
  if (organizationId === undefined) return []
  const role = roleIn(person, organizationId, projectId)
  const beside = throughProjects ? inProjects.filter((one) => one.organizationId === organizationId) : []
  return [...(role === null ? [] : [role]), ...beside.map((one) => one.role)]
}

function isOwn(caller: Caller, target: Target): boolean {
  return caller.kind === 'person' && target.createdBy === caller.userId
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function article(word: string): string {
  return /^[aeiou]/.test(word) ? 'an' : 'a'
}
