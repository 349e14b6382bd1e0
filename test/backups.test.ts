/** Backups through the running product: made, sent, taken in, refused, and put in the place of the present data. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Static } from 'typebox'
import type {
  BackupActivityShape,
  BackupList,
  BackupShape,
  RestoreBegun,
} from '../src/control/backups/backup-schema.ts'
import { archiveOf, LOOKS_LIKE_A_DATABASE } from '../src/control/backups/test-archive.ts'
import { SocketSilent } from '../src/platform/socket-request.ts'
import { testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

type Backup = Static<typeof BackupShape>
type Activity = Static<typeof BackupActivityShape>
type Event = { action: string; target: string; after: Record<string, unknown> | null }

const MODEL = 'tiny'
const isPostgres = process.env.TEST_DATABASE_URL !== undefined
const skip = isPostgres && 'PostgreSQL has tools of its own'

let product: Product
let cookie: string
let origin: string

before(async () => {
  product = await startProduct({ starter: false })
  await product.importModel(MODEL, await testModel('qwen3'))
  await product.load(MODEL)
  origin = product.url.replace('127.0.0.1', 'localhost')
  cookie = await signIn()
})
after(() => product?.stop())

async function signIn(): Promise<string> {
  const answer = await fetch(`${product.url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'ada@example.com', password: 'a long enough password' }),
  })
  assert.equal(answer.status, 200, await answer.text())
  return answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
}

/** As a browser asks, through the gateway. */
function browse(method: string, path: string, body?: Uint8Array, type = 'application/gzip'): Promise<Response> {
  return fetch(`${product.url}${path}`, {
    method,
    // A restore may take longer than an idle connection is kept, and one that is just being closed is no use.
    headers: { cookie, origin, connection: 'close', ...(body ? { 'content-type': type } : {}) },
    ...(body ? { body } : {}),
  })
}

async function over(what: string): Promise<Activity> {
  return product.until(`${what} is over`, async () => {
    try {
      const { status, body } = await product.ask('GET', '/api/backups/activity')
      if (status !== 200) return false
      const { activity } = body as { activity: Activity | null }
      return activity !== null && activity.state !== 'running' && activity
    } catch (error) {
      if (error instanceof SocketSilent) return false // control is starting again
      throw error
    }
  })
}

async function backUp(): Promise<Backup> {
  const { status, body } = await product.ask('POST', '/api/backups')
  assert.equal(status, 202, JSON.stringify(body))
  const { state, backup_id, error } = await over('the backup')
  assert.equal(state, 'done', JSON.stringify(error))
  const found = (await list()).data.find(({ id }) => id === backup_id)
  assert.ok(found)
  return found
}

/** The first one there is: enough for whatever needs some backup. */
async function someBackup(): Promise<Backup> {
  return (await list()).data.find(({ check }) => check?.sound) ?? backUp()
}

const list = () => product.get<Static<typeof BackupList>>('/api/backups')
const events = async () => (await product.get<{ data: Event[] }>('/api/audit?limit=100')).data

async function makeKey(name: string): Promise<{ id: string; secret: string }> {
  const { status, body } = await product.ask('POST', '/api/keys', { name })
  assert.equal(status, 201, JSON.stringify(body))
  return body as { id: string; secret: string }
}

async function works(secret: string): Promise<boolean> {
  const answer = await fetch(`${product.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2 }),
  })
  await answer.text()
  assert.ok([200, 401].includes(answer.status), String(answer.status))
  return answer.status === 200
}

describe('with PostgreSQL', { skip: !isPostgres && 'the embedded database is tested' }, () => {
  it('what to type instead is written out, and everything else is refused', async () => {
    const { database, postgres_commands, data, nightly_kept } = await list()
    assert.deepEqual([database, data, nightly_kept], ['postgresql', [], null])
    assert.deepEqual(
      postgres_commands.map(({ does }) => does),
      ['backup', 'restore'],
    )
    for (const { line } of postgres_commands) assert.match(line, /^pg_(dump|restore) .*--dbname='postgres/)
    for (const path of ['/api/backups', '/api/backups/tradewind-x/check', '/api/backups/tradewind-x/restore']) {
      const refused = await product.ask('POST', path)
      assert.deepEqual(
        [refused.status, (refused.body as { error: { code: string } }).error.code],
        [409, 'operations.backup_is_postgresql'],
      )
    }
  })
})

describe('a backup', { skip }, () => {
  it('is checked as it is made, and says who asked for it', async () => {
    const made = await backUp()
    assert.deepEqual([made.origin, made.by, made.check?.sound], ['asked', { id: 'machine', name: null }, true])
    assert.ok((made.check?.rows ?? 0) > 0)
    assert.ok((await events()).some(({ action, target }) => action === 'backup.created' && target === made.id))

    const asked = await browse('POST', '/api/backups')
    assert.equal(asked.status, 202)
    assert.equal(((await asked.json()) as Activity).phase, 'copying')
    const { backup_id } = await over('the backup')
    const [newest] = (await list()).data
    assert.deepEqual([newest?.id, newest?.by?.name], [backup_id, 'Ada'])
  })

  it('is sent whole to an operator, and that is in the trail', async () => {
    const made = await someBackup()
    const answer = await browse('GET', `/api/backups/${made.id}/archive`)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-disposition'), `attachment; filename="${made.id}.tar.gz"`)
    const bytes = Buffer.from(await answer.arrayBuffer())
    assert.equal(bytes.length, made.bytes)
    assert.equal(createHash('sha256').update(bytes).digest('hex'), made.check?.sha256)
    assert.ok((await events()).some(({ action, target }) => action === 'backup.downloaded' && target === made.id))
    const stranger = await fetch(`${product.url}/api/backups/${made.id}/archive`)
    assert.equal(stranger.status, 401)
  })

  it('that is not there, or is no name of one, is unknown', async () => {
    writeFileSync(join(product.folder.root, 'secret.tar.gz'), 'x')
    for (const id of ['tradewind-20200101-000000', '..%2Fsecret', 'retention', 'tradewind-..%2F..%2Fsecret']) {
      assert.equal((await browse('GET', `/api/backups/${id}/archive`)).status, 404, id)
      assert.equal((await product.ask('DELETE', `/api/backups/${id}`)).status, 404, id)
      assert.equal((await product.ask('POST', `/api/backups/${id}/restore`)).status, 404, id)
    }
    assert.equal(readFileSync(join(product.folder.root, 'secret.tar.gz'), 'utf8'), 'x')
  })

  it('is deleted with what was noted about it, and lists go on from any of them', async () => {
    const made = await backUp()
    const all = (await list()).data
    const first = await product.get<Static<typeof BackupList>>('/api/backups?limit=1')
    const rest = await product.get<Static<typeof BackupList>>(`/api/backups?after=${first.next}`)
    assert.deepEqual(
      [...first.data, ...rest.data].map(({ id }) => id),
      all.map(({ id }) => id),
    )
    assert.equal((await product.ask('DELETE', `/api/backups/${made.id}`)).status, 204)
    assert.ok(!(await list()).data.some(({ id }) => id === made.id))
    assert.ok(!readdirSync(product.folder.backups).some((name) => name.startsWith(made.id)))
  })
})

describe('what is uploaded', { skip }, () => {
  const upload = async (bytes: Uint8Array, type?: string) => {
    const answer = await browse('POST', '/api/backups/upload', bytes, type)
    const body = (await answer.json()) as Backup & { error?: { code: string; message: string } }
    return { status: answer.status, code: body.error?.code ?? null, message: body.error?.message, body }
  }

  it('is listed when it came whole and opens', async () => {
    const { id } = await someBackup()
    const bytes = readFileSync(join(product.folder.backups, `${id}.tar.gz`))
    const { status, body } = await upload(bytes)
    assert.equal(status, 201, JSON.stringify(body))
    assert.deepEqual(
      [body.origin, body.by?.name, body.check?.sound, body.bytes],
      ['uploaded', 'Ada', true, bytes.length],
    )
    assert.notEqual(body.id, id)
    assert.ok((await events()).some(({ action, target }) => action === 'backup.uploaded' && target === body.id))
  })

  it('and is damaged, foreign or hostile is refused with a code, and nothing of it is kept', async () => {
    const { id } = await someBackup()
    const bytes = readFileSync(join(product.folder.backups, `${id}.tar.gz`))
    const tar = gunzipSync(bytes)
    const broken = Buffer.from(tar)
    const control = broken.indexOf('global/pg_control')
    broken.fill(0xff, control + 512, control + 512 + 4_096)
    const before = readdirSync(product.folder.backups).sort()
    const cases: [string, Uint8Array, string][] = [
      ['cut', bytes.subarray(0, bytes.length / 2), 'operations.backup_damaged'],
      ['cut within, and packed again', gzipSync(tar.subarray(0, tar.length - 700_000)), 'operations.backup_damaged'],
      ['control file overwritten', gzipSync(broken), 'operations.backup_damaged'],
      ['no gzip', Buffer.from('hello'), 'operations.backup_damaged'],
      ['looks like one', archiveOf(LOOKS_LIKE_A_DATABASE), 'operations.backup_damaged'],
      ['something else', archiveOf([{ name: 'a.txt', content: 'a' }]), 'operations.backup_foreign'],
      ['leads outside', archiveOf([{ name: '../../pwned', content: 'x' }]), 'operations.backup_hostile'],
      ['a link', archiveOf([{ name: 'base', type: '2' }]), 'operations.backup_hostile'],
      ['a bomb', archiveOf([{ name: 'zeros', bytesSaid: 8e9 }]), 'operations.backup_'],
    ]
    for (const [what, sent, code] of cases) {
      const refused = await upload(sent)
      assert.equal(refused.status, 422, `${what}: ${JSON.stringify(refused.body)}`)
      assert.ok(refused.code?.startsWith(code), `${what}: ${refused.code} ${refused.message}`)
      assert.deepEqual(readdirSync(product.folder.backups).sort(), before, what)
    }
    assert.equal((await upload(bytes, 'application/json')).status, 415)
    assert.deepEqual(
      readdirSync(product.folder.root).filter((name) => name.includes('pwned')),
      [],
    )
    assert.deepEqual(
      readdirSync(join(product.folder.root, 'restore')).filter((name) => name !== 'plan.json'),
      [],
    )
  })

  it('and breaks off in the middle leaves nothing, and the next one is taken', async () => {
    const before = readdirSync(product.folder.backups).sort()
    const { hostname, port } = new URL(product.url)
    const sending = request({
      hostname,
      port,
      method: 'POST',
      path: '/api/backups/upload',
      headers: { cookie, origin, 'content-type': 'application/gzip', 'content-length': 1_000_000 },
    })
    sending.on('error', () => undefined)
    sending.write(Buffer.alloc(200_000, 1))
    await product.until('it arrives', async () => {
      const { activity } = await product.get<{ activity: Activity | null }>('/api/backups/activity')
      return activity?.kind === 'upload' && activity.state === 'running' && activity.bytes_done > 0
    })
    const busy = await product.ask('POST', '/api/backups')
    assert.equal((busy.body as { error: { code: string } }).error.code, 'operations.backup_busy')
    sending.destroy()
    const ended = await over('the upload')
    assert.deepEqual([ended.kind, ended.state, ended.error?.code], ['upload', 'failed', 'operations.backup_damaged'])
    assert.deepEqual(readdirSync(product.folder.backups).sort(), before)
  })
})

describe('a restore', { skip }, () => {
  it('brings back keys and people as they were, keeps what it replaced, and leaves engines running', async () => {
    const early = await makeKey('early')
    const revokedLater = await makeKey('revoked later')
    const [project] = (await product.get<{ data: { id: string }[] }>('/api/projects')).data
    const made = await backUp()

    const late = await makeKey('late')
    await product.ask('DELETE', `/api/keys/${revokedLater.id}`)
    await product.ask('PATCH', `/api/projects/${project?.id}`, { content_on_disk: true })
    assert.deepEqual(
      [await works(early.secret), await works(late.secret), await works(revokedLater.secret)],
      [true, true, false],
    )
    const engine = product.pidOf('engine', MODEL)
    const control = product.pidOf('control')

    const asked = await browse('POST', `/api/backups/${made.id}/restore`)
    assert.equal(asked.status, 202)
    const begun = (await asked.json()) as Static<typeof RestoreBegun>
    assert.ok(begun.consequences.includes('revoked_keys_valid_again'))
    assert.deepEqual([begun.backup.id, begun.activity.kind], [made.id, 'restore'])
    const ended = await over('the restore')
    assert.deepEqual([ended.state, ended.error, ended.backup_id], ['done', null, made.id])

    await product.until('the key made since is gone', async () => !(await works(late.secret)))
    assert.deepEqual([await works(early.secret), await works(revokedLater.secret)], [true, true])
    assert.equal(product.pidOf('engine', MODEL), engine)
    assert.notEqual(product.pidOf('control'), control)
    const projects = await product.get<{ data: { content_on_disk: boolean }[] }>('/api/projects')
    assert.deepEqual(
      projects.data.map(({ content_on_disk }) => content_on_disk),
      [false],
    )
    assert.equal((await browse('GET', '/api/me')).status, 200, 'the session is older than the backup')

    const trail = await events()
    const told = trail.find(({ action, target }) => action === 'backup.restored' && target === made.id)
    assert.equal(told?.after?.safetyCopy, ended.safety_copy_id)
    assert.ok((await product.get<{ intact: boolean }>('/api/audit/verification')).intact)
    const safety = (await list()).data.find(({ id }) => id === ended.safety_copy_id)
    assert.deepEqual([safety?.origin, safety?.by?.name], ['before_restore', 'Ada'])
    assert.deepEqual(readdirSync(join(product.folder.root, 'restore')), ['plan.json'])

    // And back again, to what the safety copy holds.
    await product.ask('POST', `/api/backups/${safety?.id}/restore`)
    assert.equal((await over('the way back')).state, 'done')
    await product.until('the late key works again', () => works(late.secret))
    await product.until('the revoked key is dead again', async () => !(await works(revokedLater.secret)))
    assert.equal(product.pidOf('engine', MODEL), engine)
  })

  it('of a backup that does not open changes nothing, and says so', async () => {
    const made = await backUp()
    const path = join(product.folder.backups, `${made.id}.tar.gz`)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.subarray(0, bytes.length - 50_000))
    const key = await makeKey('made before a restore that fails')
    const control = product.pidOf('control')
    assert.equal((await product.ask('POST', `/api/backups/${made.id}/restore`)).status, 202)
    const ended = await over('the restore')
    assert.deepEqual([ended.state, ended.error?.code], ['failed', 'operations.backup_damaged'])
    assert.ok(await works(key.secret))
    assert.equal(product.pidOf('control'), control)
    assert.deepEqual(readdirSync(join(product.folder.root, 'restore')), ['plan.json'])
  })

  it('survives a control that is killed in the midst of it: the data is that of before, or that of the backup', async () => {
    const made = await someBackup()
    const key = await makeKey('not in the backup')
    for (const phase of ['opening', 'saving']) {
      await product.ask('POST', `/api/backups/${made.id}/restore`)
      await product.until(`it is ${phase}, or beyond`, async () => {
        const asked = await product.ask('GET', '/api/backups/activity').catch(() => null)
        return asked === null || (asked.body as { activity: Activity | null }).activity?.phase === phase
      })
      for (const { pid, role } of product.processes()) if (role === 'control') process.kill(pid, 'SIGKILL')
      const ended = await over('the restore')
      const isRestored = ended.state === 'done'
      await product.until('workers know', async () => (await works(key.secret)) === !isRestored)
      assert.ok((await product.get<{ intact: boolean }>('/api/audit/verification')).intact)
      if (isRestored) return
      assert.equal(ended.error?.code, 'operations.backup_check_ended')
    }
  })
})

describe('retention', { skip }, () => {
  it('keeps so many nightly ones, and touches no other', async () => {
    const others = (await list()).data.map(({ id }) => id)
    const source = readFileSync(join(product.folder.backups, `${others[0]}.tar.gz`))
    for (const day of ['01', '02', '03', '04']) {
      const id = `tradewind-202611${day}-020000`
      writeFileSync(join(product.folder.backups, `${id}.tar.gz`), source)
      const notes = {
        madeAt: `2026-11-${day}T02:00:00.000Z`,
        origin: 'nightly',
        by: null,
        version: null,
        bytes: source.length,
        check: null,
      }
      writeFileSync(join(product.folder.backups, `${id}.json`), JSON.stringify(notes))
    }
    const answer = await browse('PUT', '/api/backups/retention', Buffer.from('{"nightly_kept": 2}'), 'application/json')
    assert.equal(answer.status, 200)
    const left = (await list()).data
    assert.deepEqual(
      left.filter(({ origin: from }) => from === 'nightly').map(({ id }) => id),
      ['tradewind-20261104-020000', 'tradewind-20261103-020000'],
    )
    for (const id of others)
      assert.ok(
        left.some((one) => one.id === id),
        id,
      )
    assert.equal((await list()).nightly_kept, 2)
    assert.ok(statSync(join(product.folder.backups, 'retention.json')).isFile())
    const changed = (await events()).find(({ action }) => action === 'backup.retention_changed')
    assert.deepEqual(changed?.after, { nightlyKept: 2 })
  })
})
