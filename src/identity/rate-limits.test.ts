import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { limitsChangedBy, limitsThatApply, NO_LIMITS } from './rate-limits.ts'
import { type TestInstallation, testInstallation } from './test-installation.ts'

it('only scopes that have a limit are told to gateways, and where none has one nothing is', () => {
  const key = { scope: 'key' as const, id: 'key_1', ...NO_LIMITS }
  const project = { scope: 'project' as const, id: 'proj_1', ...NO_LIMITS, concurrency: 2 }
  assert.equal(limitsThatApply([key]), null)
  assert.deepEqual(limitsThatApply([key, project]), [project])
})

it('a change names what is different and nothing else', () => {
  const stored = { ...NO_LIMITS, requestsPerMinute: 10, concurrency: 2 }
  assert.equal(limitsChangedBy(stored, { requestsPerMinute: 10 }), null)
  assert.deepEqual(limitsChangedBy(stored, { requestsPerMinute: 10, concurrency: null }), {
    set: { concurrency: null },
    before: { concurrency: 2 },
    after: { concurrency: null },
  })
})

describe('limits', () => {
  let at: TestInstallation
  before(async () => {
    at = await testInstallation()
  })
  after(() => at.close())

  it('are set over the API, are read with the thing, reach gateways and leave an event', async () => {
    const machine = { kind: 'machine' } as const
    const { projectId, organizationId } = await at.addOrganization('Kestrel Labs')
    const { key } = await at.identity.keys.create(machine, { name: 'k', projectId })
    let told = 0
    at.identity.onKeysChanged(() => {
      told++
    })
    const limit = (path: string, payload: object) =>
      at.admin.inject({ method: 'PATCH', url: `/api/${path}/limits`, payload })
    const none = { requests_per_minute: null, tokens_per_minute: null, concurrency: null }

    const ofKey = await limit(`keys/${key.id}`, { requests_per_minute: 100 })
    assert.deepEqual(ofKey.json().limits, { ...none, requests_per_minute: 100 }, ofKey.body)
    const ofProject = await limit(`projects/${projectId}`, { tokens_per_minute: 5_000, concurrency: 3 })
    assert.deepEqual(ofProject.json().limits, { ...none, tokens_per_minute: 5_000, concurrency: 3 })
    const ofOrganization = await limit(`organizations/${organizationId}`, { concurrency: 9 })
    assert.deepEqual(ofOrganization.json().limits, { ...none, concurrency: 9 })
    assert.equal(told, 3)

    for (const [path, limits] of [
      [`keys/${key.id}`, { ...none, requests_per_minute: 100 }],
      [`projects/${projectId}`, { ...none, tokens_per_minute: 5_000, concurrency: 3 }],
      [`organizations/${organizationId}`, { ...none, concurrency: 9 }],
    ] as const)
      assert.deepEqual((await at.admin.inject(`/api/${path}`)).json().limits, limits)
    const [known] = await at.identity.keys.gatewayKeys()
    assert.deepEqual(known?.limits, [
      { scope: 'key', id: key.id, ...NO_LIMITS, requestsPerMinute: 100 },
      { scope: 'project', id: projectId, ...NO_LIMITS, tokensPerMinute: 5_000, concurrency: 3 },
      { scope: 'organization', id: organizationId, ...NO_LIMITS, concurrency: 9 },
    ])

    await limit(`projects/${projectId}`, { concurrency: null })
    assert.equal((await limit(`projects/${projectId}`, { concurrency: null })).statusCode, 200)
    assert.equal(told, 4, 'what changes nothing is told to nobody')
    const { data } = await at.identity.audit.list(machine, { organizationId }, { limit: 2, after: null })
    assert.deepEqual(
      data.map(({ action, target, before, after }) => [action, target, before, after]),
      [
        ['project.limited', projectId, { concurrency: 3 }, { concurrency: null }],
        ['organization.limited', organizationId, { concurrency: null }, { concurrency: 9 }],
      ],
    )
  })

  it('are whole numbers from one, of things that are there and go on', async () => {
    const { projectId } = await at.addOrganization('Heron')
    const { key } = await at.identity.keys.create({ kind: 'machine' }, { name: 'k', projectId })
    const status = async (path: string, payload: object) =>
      (await at.admin.inject({ method: 'PATCH', url: `/api/${path}/limits`, payload })).statusCode
    for (const wrong of [
      { requests_per_minute: 0 },
      { concurrency: 1.5 },
      { tokens_per_minute: 'many' },
      {},
      { rpm: 5 },
    ])
      assert.equal(await status(`keys/${key.id}`, wrong), 400, JSON.stringify(wrong))
    assert.equal(await status('keys/key_none', { concurrency: 1 }), 404)
    assert.equal(await status('projects/proj_none', { concurrency: 1 }), 404)
    assert.equal(await status('organizations/org_none', { concurrency: 1 }), 404)
    await at.identity.keys.revoke({ kind: 'machine' }, key.id)
    assert.equal(await status(`keys/${key.id}`, { concurrency: 1 }), 409)
  })
})
