import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { changedContentSettings, contentLoggingOf } from './content-policy.ts'
import { ContentLoggingForbidden, ContentLoggingNeedsDisk, ContentRetentionTooLong } from './errors.ts'
import { type TestInstallation, testInstallation } from './test-installation.ts'

const OFF = { contentOnDisk: false, contentLogging: false, contentRetentionDays: 30, contentClientAddress: false }
const ON = { ...OFF, contentOnDisk: true, contentLogging: true }

describe('a change of the policy', () => {
  it('switches logging on only where prompts may reach a disk, also with the same change', () => {
    assert.throws(() => changedContentSettings(OFF, { contentLogging: true }, 365), ContentLoggingNeedsDisk)
    assert.deepEqual(changedContentSettings(OFF, { contentOnDisk: true, contentLogging: true }, 365), ON)
    assert.throws(
      () => changedContentSettings(ON, { contentOnDisk: false, contentLogging: true }, 365),
      ContentLoggingNeedsDisk,
    )
  })

  it('switches logging off with the disk, and does not switch it on again', () => {
    const off = changedContentSettings(ON, { contentOnDisk: false }, 365)
    assert.deepEqual(off, OFF)
    assert.equal(changedContentSettings(off, { contentOnDisk: true }, 365).contentLogging, false)
  })

  it('stays below the ceiling of the installation', () => {
    assert.throws(() => changedContentSettings(ON, { contentRetentionDays: 8 }, 7), ContentRetentionTooLong)
    assert.equal(changedContentSettings(ON, { contentRetentionDays: 7 }, 7).contentRetentionDays, 7)
    const settings = changedContentSettings(OFF, { contentOnDisk: true, contentLogging: true }, 7)
    assert.equal(settings.contentRetentionDays, 7)
    assert.throws(
      () => changedContentSettings(OFF, { contentOnDisk: true, contentLogging: true }, 0),
      ContentLoggingForbidden,
    )
    assert.equal(changedContentSettings(ON, { contentClientAddress: true }, 0).contentClientAddress, true)
  })
})

it('gateways keep nothing where the operator forbids it, whatever a project has chosen before', () => {
  assert.deepEqual(contentLoggingOf(ON, 365), { address: false })
  assert.deepEqual(contentLoggingOf({ ...ON, contentClientAddress: true }, 1), { address: true })
  assert.equal(contentLoggingOf(ON, 0), null)
  assert.equal(contentLoggingOf(OFF, 365), null)
})

describe('the policy of a project', () => {
  let installation: TestInstallation
  before(async () => {
    installation = await testInstallation()
  })
  after(() => installation.close())

  it('is changed over the API, is in the next snapshot, and leaves an event of what changed', async () => {
    const { projectId, organizationId } = await installation.addOrganization('Kestrel Labs')
    const machine = { kind: 'machine' } as const
    await installation.identity.keys.create(machine, { name: 'k', projectId })
    const patch = (payload: object) =>
      installation.admin.inject({ method: 'PATCH', url: `/api/projects/${projectId}`, payload })
    const inSnapshot = async () => (await installation.identity.keys.gatewayKeys()).map((key) => key.contentLogging)
    let told = 0
    installation.identity.onContentDeleting(async (_tx, gone) => {
      assert.deepEqual(gone, { organizationId, projectId })
      told++
    })

    const settings = { content_logging: true, content_retention_days: 14, content_client_address: true }
    assert.equal((await patch(settings)).json().error.code, 'identity.content_logging_needs_disk')
    assert.equal((await patch({ content_retention_days: 91 })).json().error.code, 'identity.content_retention_too_long')
    assert.equal((await patch({ content_retention_days: 0 })).statusCode, 400)
    assert.deepEqual(await inSnapshot(), [null])

    const on = await patch({ ...settings, content_on_disk: true })
    assert.equal(on.statusCode, 200, on.body)
    const { content_on_disk, content_logging, content_retention_days, content_client_address } = on.json()
    assert.deepEqual(
      [content_on_disk, content_logging, content_retention_days, content_client_address],
      [true, true, 14, true],
    )
    assert.deepEqual([await inSnapshot(), told], [[{ address: true }], 0])

    assert.equal((await patch({ content_on_disk: false })).json().content_logging, false)
    assert.deepEqual([await inSnapshot(), told], [[null], 1])
    const { data } = await installation.identity.audit.list(machine, { organizationId }, { limit: 2, after: null })
    assert.deepEqual(
      data.map(({ action, before, after }) => [action, before, after]),
      [
        [
          'project.updated',
          { contentOnDisk: true, contentLogging: true },
          { contentOnDisk: false, contentLogging: false },
        ],
        [
          'project.updated',
          { contentOnDisk: false, contentLogging: false, contentRetentionDays: 30, contentClientAddress: false },
          { contentOnDisk: true, contentLogging: true, contentRetentionDays: 14, contentClientAddress: true },
        ],
      ],
    )
  })
})
