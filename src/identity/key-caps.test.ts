/** Through the door of the house: what one tenant may do to keys before it slows those of all. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eq } from 'drizzle-orm'
import { newId } from '../platform/ids.ts'
import { KEY_CHANGES_MAX, KEYS_OF_PROJECT_MAX } from './key-caps.ts'
import { keySha256, makeKeySecret } from './key-secret.ts'
import { apiKey } from './tables.ts'
import { ORIGIN, type TestInstallation, testInstallation } from './test-installation.ts'

let at: TestInstallation
let projectId: string
let organizationId: string
let cookie: string

const ask = async (method: 'POST' | 'PATCH' | 'DELETE', url: string, payload: Record<string, unknown> = {}) => {
  const answer = await at.server.inject({
    method,
    url,
    headers: { cookie, origin: ORIGIN },
    ...(method === 'DELETE' ? {} : { payload }),
  })
  return { status: answer.statusCode, body: answer.json() }
}
const make = () => ask('POST', '/api/keys', { name: 'k', project_id: projectId })

before(async () => {
  at = await testInstallation()
  const done = await at.setUp()
  projectId = done.project.id
  organizationId = done.organization.id
  cookie = await at.cookieOf('ada@example.com')
})
after(() => at.close())

describe('caps on keys', () => {
  it('a project has at most a thousand keys that can be used; those that ended do not count until they are prolonged', async () => {
    const rows = Array.from({ length: KEYS_OF_PROJECT_MAX }, () => {
      const { secret, ...seen } = makeKeySecret()
      return {
        ...seen,
        sha256: keySha256(secret),
        id: newId('key'),
        organizationId,
        projectId,
        name: 'many',
        scopes: [],
        share: newId('key'),
        createdAt: new Date(),
        createdBy: 'machine',
      }
    })
    await at.db.delete(apiKey).where(eq(apiKey.projectId, projectId))
    await at.db.insert(apiKey).values(rows.slice(0, -1))
    const last = await make()
    assert.equal(last.status, 201)
    const refused = await make()
    assert.deepEqual([refused.status, refused.body.error.code], [409, 'identity.keys_too_many'])

    await at.db
      .update(apiKey)
      .set({ expiresAt: new Date(Date.now() - 1_000) })
      .where(eq(apiKey.id, rows[0]!.id))
    const next = await make()
    assert.equal(next.status, 201)
    const prolonged = await ask('PATCH', `/api/keys/${rows[0]!.id}`, { expires_at: null })
    assert.deepEqual([prolonged.status, prolonged.body.error.code], [409, 'identity.keys_too_many'])

    assert.equal((await ask('DELETE', `/api/keys/${last.body.id}`)).status, 200)
    assert.equal((await ask('PATCH', `/api/keys/${rows[0]!.id}`, { expires_at: null })).status, 200)
  })

  it('one person changes keys at most sixty times a minute, and may revoke all the same', async () => {
    at.wait(60_000)
    await at.db.delete(apiKey).where(eq(apiKey.projectId, projectId))
    const { body: key } = await make()
    for (let changes = 1; changes < KEY_CHANGES_MAX; changes++)
      assert.equal((await ask('PATCH', `/api/keys/${key.id}`, { name: `k${changes}` })).status, 200)
    for (const refused of [
      await make(),
      await ask('PATCH', `/api/keys/${key.id}`, { name: 'late' }),
      await ask('POST', `/api/keys/${key.id}/rotate`, {}),
      await ask('POST', '/api/console-keys', { project_id: projectId }),
    ])
      assert.deepEqual([refused.status, refused.body.error.code], [429, 'identity.key_changes_too_many'])
    assert.equal((await ask('DELETE', `/api/keys/${key.id}`)).status, 200)
    at.wait(60_000)
    assert.equal((await make()).status, 201)
  })
})
