/** What projects want looked for, on a real database. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { type TestInstallation, testInstallation } from '../identity/test-installation.ts'
import { NO_POLICY, type SafetyPolicy } from './policy.ts'
import { openSafety, type Safety } from './safety.ts'

const MACHINE = { kind: 'machine' } as const
let here: TestInstallation
let safety: Safety
let project: { id: string; organizationId: string }

const open = () =>
  openSafety({
    db: here.db,
    clock: { nowMs: () => 1_795_000_000_000 },
    audit: here.identity.audit,
    organizations: here.identity.organizations,
    personNames: (ids) => here.identity.names.people(ids),
  })
const masking: SafetyPolicy = {
  ...NO_POLICY,
  rules: [{ name: 'PERSONAL', match: { kind: 'pii', pii: ['email'] }, action: 'mask', appliesTo: 'both' }],
}

before(async () => {
  here = await testInstallation()
  await here.setUp()
  const filter = { organizationId: null }
  const { data } = await here.identity.organizations.listProjects(MACHINE, filter, { limit: 1, after: null })
  project = data[0] as typeof project
  safety = await open()
})
after(() => here?.close())

it('a change tells the gateways, is on the trail, and outlives control', async () => {
  let told = 0
  safety.onChanged(async () => told++)
  assert.deepEqual(safety.inForce(), [])
  const changed = await safety.change(MACHINE, project.id, masking)
  assert.equal(changed.inForce, true)
  assert.equal(changed.updatedBy, 'machine')
  assert.equal(told, 1)
  await safety.change(MACHINE, project.id, masking)
  assert.equal(told, 1) // the same again is no change
  assert.deepEqual((await open()).inForce(), [{ projectId: project.id, policy: masking }])
  const filter = { organizationId: project.organizationId, action: 'project.safety_changed' }
  const rest = { actor: null, target: null, event: null, from: null, to: null }
  const { data } = await here.identity.audit.list(MACHINE, { ...filter, ...rest }, { limit: 5, after: null })
  assert.equal(data.length, 1)
  assert.deepEqual(data[0]?.before, { ...NO_POLICY })
})

it('what cannot be put in force changes nothing', async () => {
  const before = safety.inForce()
  const rule = (pattern: string) => ({ ...masking.rules[0]!, name: 'X', match: { kind: 'pattern' as const, pattern } })
  const refused: [SafetyPolicy, string][] = [
    [{ ...masking, rules: [rule('(a')] }, 'safety.pattern_refused'],
    [{ ...masking, rules: [masking.rules[0]!, masking.rules[0]!] }, 'safety.rule_name_twice'],
    [{ ...NO_POLICY, moderation: { ...NO_POLICY.moderation, by: 'model' } }, 'safety.guard_not_named'],
    [{ ...NO_POLICY, moderation: { ...NO_POLICY.moderation, requests: true } }, 'safety.moderator_not_chosen'],
    [
      { ...NO_POLICY, rules: Array.from({ length: 30 }, (_, at) => ({ ...rule('(a{200}b){9}'), name: `R${at}` })) },
      'safety.rules_too_large',
    ],
  ]
  for (const [policy, code] of refused) await assert.rejects(safety.change(MACHINE, project.id, policy), { code })
  await assert.rejects(safety.change(MACHINE, 'proj_none', masking), { code: 'identity.project_unknown' })
  assert.deepEqual(safety.inForce(), before)
})

it('a project that ends takes its rules with it', async () => {
  await here.db.transaction((tx) =>
    safety.forget(tx, { organizationId: project.organizationId, projectId: project.id }),
  )
  assert.deepEqual((await open()).inForce(), [])
})
