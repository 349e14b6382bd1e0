import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Forbidden, OrganizationUnknown, Unauthenticated } from './errors.ts'
import { reachOf, requireInReach } from './reach.ts'
import {
  ACTIONS,
  type Action,
  type Caller,
  HOLDINGS,
  type Holding,
  type KeyScope,
  may,
  type OrganizationRole,
  organizationsFor,
  type PersonCaller,
  type ProjectRole,
  RULES,
  requireMay,
  requireVisible,
  whoMay,
} from './rules.ts'
import { RULES_PAGE, rulesPage } from './rules-page.ts'

const HOME = 'org_home'
const AWAY = 'org_away'

function person(roles: { operator?: boolean; role?: OrganizationRole }): PersonCaller {
  return {
    kind: 'person',
    userId: 'usr_ada',
    name: 'Ada',
    email: 'ada@example.com',
    operator: roles.operator ?? false,
    memberships: roles.role ? [{ organizationId: HOME, role: roles.role }] : [],
    address: null,
  }
}

function key(scopes: KeyScope[]): Caller {
  return { kind: 'key', keyId: 'key_1', organizationId: HOME, projectId: 'proj_1', scopes }
}

/** Who holds exactly this. */
function callerWith(holding: Holding): Caller {
  switch (holding) {
    case 'machine':
      return { kind: 'machine' }
    case 'operator':
      return person({ operator: true })
    case 'key:inference':
    case 'key:models.read':
      return key([holding.slice(4) as KeyScope])
    default:
      return person({ role: holding })
  }
}

/**
 * Written out a second time, on purpose, as a person would say it: a slip in the table shows here.
 * Letters: m machine, O operator, o owner, a admin, d developer, v viewer, i key:inference, r key:models.read; +d own only.
 */
const EXPECTED: Record<Action, string> = {
  inference: 'oadi',
  'models.list': 'mOoadvr',
  'models.read': 'mOoadvr',
  'models.pull': 'mO',
  'models.load': 'mO',
  'models.unload': 'mO',
  'models.delete': 'mO',
  'status.read': 'mO',
  'logs.read': 'mO',
  'installation.read': 'mO',
  'hub.update': 'mO',
  'upstreams.read': 'mO',
  'upstreams.change': 'mO',
  'routes.read': 'mO',
  'routes.change': 'mO',
  'machine.read': 'mOoadv',
  'backup.read': 'mO',
  'backup.create': 'mO',
  'backup.download': 'mO',
  'backup.delete': 'mO',
  'backup.restore': 'mO',
  'organizations.create': 'mO',
  'people.reset_password': 'mOo',
  'people.end_sessions': 'mOoa',
  'people.list': 'mO',
  'operators.list': 'mO',
  'operators.change': 'mO',
  'organization.read': 'mOoadv',
  'organization.update': 'mOoa',
  'organization.limit': 'mOo',
  'organization.delete': 'mOo',
  'members.list': 'moadv',
  'members.change': 'moa',
  'owners.change': 'mo',
  'invitations.list': 'moa',
  'invitations.create': 'moa',
  'invitations.revoke': 'moa',
  'service_accounts.list': 'moadv',
  'service_accounts.create': 'moa',
  'service_accounts.delete': 'moa',
  'project.create': 'moa',
  'project.delete': 'moa',
  'project.read': 'moadv',
  'project.update': 'moa',
  'keys.create': 'moad',
  'keys.list': 'moadv',
  'keys.update': 'moa+d',
  'keys.rotate': 'moa+d',
  'keys.revoke': 'moa+dv',
  'playground.read': 'moadv',
  'playground.write': 'moad',
  'playground.delete': 'moa+dv',
  'files.read': 'moadi',
  'files.write': 'moadi',
  'batches.read': 'moadvi',
  'batches.create': 'oadi',
  'batches.cancel': 'moadi',
  'usage.read': 'moadv',
  'requests.content.read': 'moad',
  'content_log.read': 'mOoadv',
  'content_log.delete': 'moa',
  'audit.read': 'moa',
  'audit.read_installation': 'mO',
  'audit.verify': 'mO',
}
const LETTERS: Record<Holding, string> = {
  machine: 'm',
  operator: 'O',
  owner: 'o',
  admin: 'a',
  developer: 'd',
  viewer: 'v',
  'key:inference': 'i',
  'key:models.read': 'r',
}

describe('rules', () => {
  it('each holding opens exactly the actions that were meant, on its own organisation', () => {
    for (const action of ACTIONS) {
      const [always = '', ownOnly = ''] = EXPECTED[action].split('+')
      for (const holding of HOLDINGS) {
        const caller = callerWith(holding)
        const letter = LETTERS[holding]
        assert.equal(
          may(caller, action, { organizationId: HOME, createdBy: 'usr_bob' }),
          always.includes(letter),
          `${holding} ${action}`,
        )
        assert.equal(
          may(caller, action, { organizationId: HOME, createdBy: 'usr_ada' }),
          always.includes(letter) || ownOnly.includes(letter),
          `${holding} ${action} on what it made`,
        )
      }
    }
  })

  it('on another organisation, only the command line and an operator keep what they have', () => {
    for (const action of ACTIONS.filter((one) => RULES[one].on === 'organization'))
      for (const holding of HOLDINGS)
        for (const target of [{ organizationId: AWAY, createdBy: 'usr_ada' }, { createdBy: 'usr_ada' }, {}])
          assert.equal(
            may(callerWith(holding), action, target),
            ['machine', 'operator'].includes(holding) && EXPECTED[action].includes(LETTERS[holding]),
            `${holding} ${action} ${JSON.stringify(target)}`,
          )
  })

  it('in a project, a role there goes before the one in the organisation, and an owner is an owner everywhere', () => {
    const inProject = (role: OrganizationRole | null, there: ProjectRole): PersonCaller => ({
      ...person(role ? { role } : {}),
      projectRoles: [{ organizationId: HOME, projectId: 'proj_1', role: there }],
    })
    const home = { organizationId: HOME, projectId: 'proj_1' }
    const other = { organizationId: HOME, projectId: 'proj_2' }
    const less = inProject('developer', 'viewer')
    assert.equal(may(less, 'keys.create', home), false)
    assert.equal(may(less, 'keys.create', other), true)
    assert.equal(may(less, 'keys.create', { organizationId: HOME }), true)
    const more = inProject('viewer', 'admin')
    assert.equal(may(more, 'project.update', home), true)
    assert.equal(may(more, 'project.update', other), false)
    assert.equal(may(inProject('owner', 'viewer'), 'project.delete', home), true)

    const only = inProject(null, 'developer')
    assert.equal(may(only, 'keys.create', home), true)
    assert.equal(may(only, 'keys.create', other), false)
    assert.equal(may(only, 'keys.create', { organizationId: HOME }), false)
    assert.equal(may(only, 'organization.read', { organizationId: HOME }), true)
    assert.equal(may(only, 'members.list', { organizationId: HOME }), false)
    assert.equal(may(only, 'models.list'), true)
    // The pair must be true: a project that is claimed to be of another organisation opens nothing.
    assert.equal(may(only, 'keys.create', { organizationId: AWAY, projectId: 'proj_1' }), false)
  })

  it('a list reaches whole organisations, without and beside single projects', () => {
    const role = (projectId: string, there: ProjectRole, organizationId = HOME) => ({
      organizationId,
      projectId,
      role: there,
    })
    const mixed: PersonCaller = {
      ...person({ role: 'admin' }),
      projectRoles: [role('proj_1', 'viewer'), role('proj_2', 'admin'), role('proj_3', 'developer', AWAY)],
    }
    assert.deepEqual(reachOf(mixed, 'keys.list'), {
      organizationIds: [HOME],
      exceptProjectIds: [],
      projectIds: ['proj_3'],
    })
    assert.deepEqual(reachOf(mixed, 'keys.create'), {
      organizationIds: [HOME],
      exceptProjectIds: ['proj_1'],
      projectIds: ['proj_3'],
    })
    assert.deepEqual(organizationsFor(mixed, 'organization.read'), [HOME, AWAY])
    assert.deepEqual(organizationsFor(mixed, 'keys.list'), [HOME])
    assert.equal(reachOf({ kind: 'machine' }, 'keys.list'), 'all')
    assert.deepEqual(reachOf(key(['inference']), 'inference'), {
      organizationIds: [],
      exceptProjectIds: [],
      projectIds: ['proj_1'],
    })
    requireInReach(mixed, AWAY, 'keys.list')
    assert.throws(() => requireVisible(mixed, AWAY, 'keys.list'), OrganizationUnknown)
    assert.throws(() => requireInReach(mixed, AWAY, 'audit.read'), OrganizationUnknown)
    assert.throws(() => requireInReach(mixed, 'org_third', 'keys.list'), OrganizationUnknown)
  })

  it('a person without any role may do nothing', () => {
    for (const action of ACTIONS) {
      assert.equal(may(person({}), action, { organizationId: HOME }), false, action)
      assert.equal(may(key([]), action, { organizationId: HOME }), false, action)
    }
  })

  it('a key stays within its project', () => {
    assert.equal(may(key(['inference']), 'inference', { organizationId: HOME, projectId: 'proj_1' }), true)
    assert.equal(may(key(['inference']), 'inference', { organizationId: HOME, projectId: 'proj_2' }), false)
  })

  it('lists are limited to the organisations where the action is allowed', () => {
    assert.deepEqual(organizationsFor(person({ role: 'viewer' }), 'keys.list'), [HOME])
    assert.deepEqual(organizationsFor(person({ role: 'viewer' }), 'keys.create'), [])
    assert.deepEqual(organizationsFor(person({ operator: true }), 'keys.list'), [])
    assert.equal(organizationsFor(person({ operator: true }), 'organization.read'), 'all')
    assert.equal(organizationsFor({ kind: 'machine' }, 'keys.list'), 'all')
    assert.deepEqual(organizationsFor(key(['inference']), 'inference'), [HOME])
    assert.deepEqual(organizationsFor(key(['models.read']), 'inference'), [])
  })

  it('a refusal says who could', () => {
    assert.throws(() => requireMay(null, 'models.list'), Unauthenticated)
    assert.throws(
      () => requireMay(person({ role: 'viewer' }), 'keys.create', { organizationId: HOME }),
      (error: unknown) =>
        error instanceof Forbidden &&
        error.message.includes('an owner, admin or developer of the organisation') &&
        error.data.action === 'keys.create',
    )
    assert.equal(whoMay('models.load'), 'the command line on this machine, or an operator')
    assert.throws(() => requireVisible(person({ role: 'owner' }), AWAY, 'keys.list'), OrganizationUnknown)
  })

  it('docs/authorization.md says what the table says', () => {
    assert.equal(readFileSync(RULES_PAGE, 'utf8'), rulesPage(), 'print it anew: node src/identity/rules-page.ts')
  })
})
