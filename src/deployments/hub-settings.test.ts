/** The hub's token: set by an operator, kept sealed, used at once, told to nobody. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openHubToken } from '../catalog/catalog.ts'
import { catalogHubToken } from '../catalog/tables.ts'
import { tinyGguf } from '../catalog/tiny-gguf.ts'
import { createSealer } from '../platform/sealed-text.ts'
import type { HubSettingsOnWire, RepositoryOnWire } from './detail-schema.ts'
import { type ScratchInstallation, SECRET, scratchInstallation } from './scratch-installation.ts'

const TOKEN = 'hf_AbCdEfGh1234567890wxyz'

let here: ScratchInstallation
before(async () => {
  here = await scratchInstallation()
  here.hub.put('shut/Repo', 'Shut-Q8_0.gguf', tinyGguf())
  here.hub.gate('shut/Repo', [TOKEN])
})
after(() => here.close())

const settings = async () => (await here.ask('GET', '/api/settings/hub')).body as HubSettingsOnWire
const look = async () => (await here.ask('GET', '/api/hub/repository?name=shut/Repo')).body as RepositoryOnWire
const codeOf = (answer: { body: unknown }) => (answer.body as { error: { code: string } }).error.code

test('a token that is set opens what was shut, at once, and clearing it shuts it again', async () => {
  assert.deepEqual((await settings()).token, {
    source: 'none',
    last4: null,
    set_by: null,
    set_at: null,
    readable: true,
    editable: true,
  })
  assert.equal((await look()).header_problem?.code, 'catalog.gated')

  const set = await here.ask('PUT', '/api/settings/hub', { token: `  ${TOKEN}\n` })
  assert.equal(set.status, 200)
  const { token, hub_url } = set.body as HubSettingsOnWire
  assert.deepEqual([token.source, token.last4, token.set_by?.name], ['settings', 'wxyz', 'Ada'])
  assert.equal(hub_url, here.hub.url)
  assert.equal((await look()).model?.name, 'Tiny')
  assert.ok(here.hub.seen.some(({ authorization }) => authorization === `Bearer ${TOKEN}`))

  assert.equal((await here.ask('DELETE', '/api/settings/hub')).status, 200)
  assert.equal((await look()).header_problem?.code, 'catalog.gated')
})

test('neither answers, nor the database, nor the trail hold the token', async () => {
  const set = await here.ask('PUT', '/api/settings/hub', { token: TOKEN })
  const rows = await here.db.select().from(catalogHubToken)
  const page = { limit: 50, after: null }
  const { data } = await here.identity.audit.list({ kind: 'machine' }, { organizationId: null }, page)
  const events = data.filter(({ target }) => target === 'hub_token')
  assert.deepEqual(events[0]?.after, { last4: 'wxyz' })
  for (const text of [set.text, JSON.stringify(await settings()), JSON.stringify(rows), JSON.stringify(data)])
    assert.ok(!text.includes(TOKEN) && !text.includes(TOKEN.slice(3, -4)), text)
})

test('a token that was sealed with another secret is said to be unreadable, and not used', async () => {
  await here.ask('PUT', '/api/settings/hub', { token: TOKEN })
  const { db, identity } = here
  const open = (secret: string) =>
    openHubToken({
      db,
      clock: { nowMs: () => Date.now() },
      audit: identity.audit,
      sealer: createSealer(secret, 'hub token'),
      configured: null,
    })
  assert.equal((await open(SECRET)).current(), TOKEN, 'a restart reads it again')
  const moved = await open(`${SECRET} of another installation`)
  assert.deepEqual([moved.current(), moved.view().readable, moved.view().last4], [null, false, 'wxyz'])
})

test('what is no token is refused without being repeated', async () => {
  for (const token of ['sk-tw-secret', 'hf_with space', 'hf_ä'.repeat(3)]) {
    const refused = await here.ask('PUT', '/api/settings/hub', { token })
    assert.deepEqual([refused.status, codeOf(refused)], [400, 'catalog.hub_token_malformed'])
    assert.ok(!refused.text.includes(token))
  }
  assert.equal((await here.ask('PUT', '/api/settings/hub', {})).status, 400)
})

test('who does not run the installation neither sees nor changes it', async () => {
  const { organizationId } = await here.addOrganization('Other')
  await here.addPerson('olga@example.com', { organizationId, role: 'owner' })
  const olga = await here.cookieOf('olga@example.com')
  const before = await settings()
  for (const [method, body] of [['GET'], ['PUT', { token: TOKEN }], ['DELETE']] as const)
    assert.equal((await here.call(olga, method, '/api/settings/hub', body)).status, 403, method)
  assert.deepEqual(await settings(), before)
})

test('what the configuration says goes before, and cannot be changed here', async () => {
  const configured = await scratchInstallation({ configuredToken: 'hf_fromTheEnvironment' })
  try {
    const { token } = (await configured.ask('GET', '/api/settings/hub')).body as HubSettingsOnWire
    assert.deepEqual([token.source, token.last4, token.editable], ['configuration', 'ment', false])
    for (const answer of [
      await configured.ask('PUT', '/api/settings/hub', { token: TOKEN }),
      await configured.ask('DELETE', '/api/settings/hub'),
    ])
      assert.deepEqual([answer.status, codeOf(answer)], [409, 'catalog.hub_token_fixed'])
    assert.equal(configured.hubToken.current(), 'hf_fromTheEnvironment')
  } finally {
    await configured.close()
  }
})
