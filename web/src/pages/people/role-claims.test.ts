/** What the console says of each role in one line, held to the table of rules in both languages' source. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ACTIONS, type Action, type Holding, RULES } from '../../../../src/identity/rules.ts'

const rule = (action: Action): { on: string; who: readonly Holding[]; ownOnly?: readonly Holding[] } => RULES[action]
const may = (role: Holding, action: Action) => rule(action).who.includes(role)
const ofOrganization = ACTIONS.filter((action) => rule(action).on === 'organization')

it('owner: all of it, and who owns it', () => {
  for (const action of ofOrganization) assert.ok(may('owner', action), action)
  assert.ok(may('owner', 'owners.change'))
})

it('admin: people, projects and keys, but not who owns it', () => {
  for (const action of [
    'members.change',
    'invitations.create',
    'project.create',
    'project.delete',
    'keys.revoke',
  ] as const)
    assert.ok(may('admin', action), action)
  assert.ok(!may('admin', 'owners.change'))
})

it('developer: uses models and makes keys, and changes only their own', () => {
  assert.ok(may('developer', 'inference') && may('developer', 'keys.create'))
  for (const action of ['keys.update', 'keys.rotate', 'keys.revoke'] as const)
    assert.ok(!may('developer', action) && rule(action).ownOnly?.includes('developer'), action)
  for (const action of ['members.change', 'project.create', 'service_accounts.create'] as const)
    assert.ok(!may('developer', action), action)
})

it('viewer: sees keys, usage and people, and changes nothing of them', () => {
  for (const action of ['keys.list', 'usage.read', 'members.list'] as const) assert.ok(may('viewer', action), action)
  for (const action of ofOrganization) if (may('viewer', action)) assert.match(action, /\.(list|read)$/, action)
})
