import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Forbidden, OrganizationUnknown, Unauthenticated } from './errors.ts'
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
  'backup.create': 'mO',
  'organization.read': 'mOoadv',
  'project.read': 'moadv',
  'project.update': 'moa',
  'keys.create': 'moad',
  'keys.list': 'moadv',
  'keys.revoke': 'moa+d',
  'usage.read': 'moadv',
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
