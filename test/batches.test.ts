/** Files and batches through the running product, with OpenAI's own npm package, unmodified, on the real starter model. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type OpenAI from 'openai'
import { APIError, AuthenticationError, BadRequestError, NotFoundError } from 'openai'
import type { Batch } from 'openai/resources/batches'
import { OPENAI_SCHEMA_MISSING, openaiSchema } from './openai-schema.ts'
import { type Product, STARTER, startProduct } from './product.ts'

type ResultLine = {
  id: string
  custom_id: string
  response: { status_code: number; request_id: string; body: OpenAI.ChatCompletion } | null
  error: { code: string; message: string } | null
}

const ENDED = ['completed', 'failed', 'expired', 'cancelled']

let product: Product
let client: OpenAI
before(async () => {
  product = await startProduct({ environment: { GATEWAY_WORKERS: '2', BATCH_CONCURRENCY: '3' } })
  client = product.openai()
})
after(() => product.stop())

function request(customId: string, body: object = {}): object {
  const messages = [{ role: 'user', content: `Say something about ${customId}.` }]
  const asked = { model: STARTER, messages, max_tokens: 4, temperature: 0, ...body }
  return { custom_id: customId, method: 'POST', url: '/v1/chat/completions', body: asked }
}

async function upload(lines: (object | string)[], by = client): Promise<string> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  return (await by.files.create({ file: new File([text], 'requests.jsonl'), purpose: 'batch' })).id
}

async function batchOf(lines: (object | string)[], by = client): Promise<Batch> {
  const input_file_id = await upload(lines, by)
  return by.batches.create({ input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' })
}

const ended = (id: string, by = client) =>
  product.until(`${id} ends`, async () => {
    const batch = await by.batches.retrieve(id)
    return ENDED.includes(batch.status) && batch
  })

async function resultsIn(fileId: string | null | undefined, by = client): Promise<ResultLine[]> {
  assert.ok(fileId, 'there is no such file')
  const text = await (await by.files.content(fileId)).text()
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ResultLine)
}

/** A key of its own, in a project of its own or in one that is there. */
async function madeKey(projectId?: string): Promise<{ id: string; secret: string; projectId: string }> {
  const { data } = await product.get<{ data: { id: string; organization_id: string }[] }>('/api/projects')
  const project =
    projectId ??
    (
      (await product.ask('POST', '/api/projects', { organization_id: data[0]?.organization_id, name: 'Other' }))
        .body as { id: string }
    ).id
  const made = await product.ask('POST', '/api/keys', { name: 'Of a batch', project_id: project })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return { ...(made.body as { id: string; secret: string }), projectId: project }
}

describe('files', () => {
  it('come back as they went, whole and in part, in OpenAI’s shape', {
    skip: openaiSchema() ? false : OPENAI_SCHEMA_MISSING,
  }, async () => {
    const text = 'αβγ\n'.repeat(200_000)
    const file = await client.files.create({
      file: new File([text], 'Größe.txt'),
      purpose: 'user_data',
      expires_after: { anchor: 'created_at', seconds: 3_600 },
    })
    assert.deepEqual(openaiSchema()?.check('OpenAIFile', file), [])
    assert.equal(file.bytes, Buffer.byteLength(text))
    assert.equal(file.filename, 'Größe.txt')
    assert.equal((file.expires_at ?? 0) - file.created_at, 3_600)
    assert.equal(await (await client.files.content(file.id)).text(), text)
    const part = await client.files.content(file.id, { headers: { range: 'bytes=2-3' } })
    assert.equal(part.status, 206)
    assert.equal(await part.text(), 'β')
    assert.equal(part.headers.get('content-range'), `bytes 2-3/${file.bytes}`)
    assert.deepEqual(await client.files.retrieve(file.id), file)
    assert.ok((await client.files.list({ purpose: 'user_data' })).data.some(({ id }) => id === file.id))
    assert.deepEqual(await client.files.delete(file.id), { id: file.id, object: 'file', deleted: true })
    await assert.rejects(client.files.retrieve(file.id), NotFoundError)
    assert.deepEqual(
      readdirSync(join(product.folder.root, 'files')).filter((name) => name === file.id),
      [],
    )
  })

  it('are listed in pages, both ways', async () => {
    const ids: string[] = []
    for (const name of ['1', '2', '3'])
      ids.push((await client.files.create({ file: new File([name], name), purpose: 'assistants' })).id)
    const found: string[] = []
    for await (const { id } of client.files.list({ purpose: 'assistants', limit: 2, order: 'asc' })) found.push(id)
    assert.deepEqual(found, ids)
    const last = await client.files.list({ purpose: 'assistants', limit: 2 })
    assert.deepEqual(
      last.data.map(({ id }) => id),
      [ids[2], ids[1]],
    )
  })

  it('are refused where they say nothing that can be, and nothing of them is kept', async () => {
    const kept = () =>
      readdirSync(join(product.folder.root, 'files')).length +
      readdirSync(join(product.folder.root, 'files/parts')).length
    const before = kept()
    const refused = (error: unknown) => error instanceof BadRequestError && error.code === 'files.upload_refused'
    await assert.rejects(client.files.create({ file: new File(['x'], 'x'), purpose: 'nothing' as 'batch' }), refused)
    const form = new FormData()
    form.set('purpose', 'batch')
    for (const body of [form, '{}']) {
      const answer = await fetch(`${product.baseURL}/files`, {
        method: 'POST',
        headers: { authorization: `Bearer ${product.key}` },
        body,
      })
      assert.equal(answer.status, 400, await answer.text())
    }
    assert.equal(kept(), before)
  })

  it('and batches of another project are not there, whatever is asked of them', async () => {
    const other = product.openai({ apiKey: (await madeKey()).secret })
    const fileId = await upload([request('a')])
    const batch = await ended((await batchOf([request('a')])).id)
    for (const ask of [
      () => other.files.retrieve(fileId),
      () => other.files.content(fileId),
      () => other.files.delete(fileId),
      () => other.batches.create({ input_file_id: fileId, endpoint: '/v1/chat/completions', completion_window: '24h' }),
      () => other.batches.retrieve(batch.id),
      () => other.batches.cancel(batch.id),
      () => other.files.content(batch.output_file_id ?? ''),
    ])
      await assert.rejects(ask, NotFoundError, String(ask))
    assert.deepEqual((await other.batches.list()).data, [])
    assert.deepEqual((await other.files.list()).data, [])
    await assert.rejects(product.openai({ apiKey: 'sk-tw-none' }).files.list(), AuthenticationError)
  })

  it('cannot be had by naming a key instead of sending one', async () => {
    const { id } = await madeKey()
    const answer = await fetch(`${product.baseURL}/files`, { headers: { 'x-tradewind-key-id': id } })
    assert.equal(answer.status, 401)
    const inference = await fetch(`${product.baseURL}/chat/completions`, {
      method: 'POST',
      headers: { 'x-tradewind-key-id': id, 'content-type': 'application/json' },
      body: JSON.stringify({ model: STARTER, messages: [{ role: 'user', content: 'Hi' }] }),
    })
    assert.equal(inference.status, 401, await inference.text())
    const asSomebodyElse = await fetch(`${product.baseURL}/files`, {
      headers: { authorization: `Bearer ${product.key}`, 'x-tradewind-key-id': id },
    })
    const { data } = (await asSomebodyElse.json()) as { data: unknown[] }
    assert.ok(data.length > 0, 'the files are those of the key that was sent')
  })
})

describe('a batch', () => {
  it('answers every line once, in OpenAI’s form, and counts as its requests do', async () => {
    const made = await batchOf([request('one'), request('two', { max_tokens: -1 }), request('three')])
    const checked = openaiSchema()
    const present = (batch: Batch) => Object.fromEntries(Object.entries(batch).filter(([, value]) => value !== null))
    if (checked !== null) assert.deepEqual(checked.check('Batch', present(made)), [])
    assert.equal(made.status, 'validating')
    const batch = await ended(made.id)
    if (checked !== null) assert.deepEqual(checked.check('Batch', present(batch)), [])
    assert.equal(batch.status, 'completed', JSON.stringify(batch))
    assert.deepEqual(batch.request_counts, { total: 3, completed: 2, failed: 1 })
    assert.equal(batch.model, STARTER)

    const output = await resultsIn(batch.output_file_id)
    assert.deepEqual(output.map(({ custom_id }) => custom_id).sort(), ['one', 'three'])
    for (const { response, error } of output) {
      assert.equal(error, null)
      assert.equal(response?.status_code, 200)
      assert.deepEqual(checked?.check('CreateChatCompletionResponse', response?.body) ?? [], [])
    }
    const errors = await resultsIn(batch.error_file_id)
    assert.deepEqual(
      errors.map(({ custom_id, response }) => [custom_id, response?.status_code]),
      [['two', 400]],
    )

    const sum = output.reduce((tokens, { response }) => tokens + (response?.body.usage?.total_tokens ?? 0), 0)
    assert.equal(batch.usage?.total_tokens, sum)
    const names = [...output, ...errors].map(({ response }) => response?.request_id)
    const records = await product.until('usage is recorded', async () => {
      const found = (await product.usage()).filter(({ id }) => names.includes(id))
      return found.length === 3 && found
    })
    assert.deepEqual(new Set(records.map(({ id }) => id)), new Set(names))
    for (const { route } of records) assert.equal(route, '/v1/chat/completions')
  })

  it('fails before its first request where its lines cannot be, and says which', async () => {
    const batch = await ended(
      (
        await batchOf([
          request('same'),
          request('same'),
          '{"custom_id":',
          '',
          { ...request('elsewhere'), url: '/v1/embeddings' },
          request('other', { model: 'another' }),
          request('stream', { stream: true }),
          { custom_id: 'empty', method: 'POST', url: '/v1/chat/completions' },
        ])
      ).id,
    )
    assert.equal(batch.status, 'failed')
    assert.deepEqual(
      batch.errors?.data?.map(({ code, line, param }) => [line, code, param]),
      [
        [2, 'duplicate_custom_id', 'custom_id'],
        [3, 'invalid_json_line', null],
        [5, 'invalid_url', 'url'],
        [6, 'mismatched_model', 'body.model'],
        [7, 'stream_unsupported', 'body.stream'],
        [8, 'missing_required_parameter', 'body'],
      ],
    )
    assert.deepEqual([batch.output_file_id, batch.error_file_id], [null, null])
  })

  it('cannot be made of a file for something else, nor with a window of none', async () => {
    const file = await client.files.create({ file: new File(['{}'], 'x'), purpose: 'user_data' })
    const wanted = { endpoint: '/v1/chat/completions', completion_window: '24h' } as const
    await assert.rejects(client.batches.create({ ...wanted, input_file_id: file.id }), {
      code: 'batches.input_purpose_wrong',
    })
    const input_file_id = await upload([request('a')])
    await assert.rejects(client.batches.create({ ...wanted, input_file_id, completion_window: 'soon' as '24h' }), {
      code: 'batches.window_refused',
    })
  })

  it('that is cancelled keeps what was answered, and tells of every line', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => request(`line ${i}`, { max_tokens: 16 }))
    const { id } = await batchOf(lines)
    await product.until('two lines are answered', async () => {
      const { request_counts } = await client.batches.retrieve(id)
      return (request_counts?.completed ?? 0) >= 2
    })
    assert.equal((await client.batches.cancel(id)).status, 'cancelling')
    const batch = await ended(id)
    assert.equal(batch.status, 'cancelled')
    const output = await resultsIn(batch.output_file_id)
    const errors = await resultsIn(batch.error_file_id)
    assert.equal(output.length, batch.request_counts?.completed)
    assert.ok(output.length >= 2 && output.length < 300, `${output.length} were answered`)
    assert.equal(new Set([...output, ...errors].map(({ custom_id }) => custom_id)).size, 300)
    for (const { error } of errors) assert.equal(error?.code, 'batch_cancelled')
    await assert.rejects(
      client.batches.cancel(id),
      (error) => error instanceof APIError && error.code === 'batches.batch_ended',
    )
  })

  it('stops, and says why, when the key that made it is revoked', async () => {
    const key = await madeKey()
    const lines = Array.from({ length: 300 }, (_, i) => request(`line ${i}`, { max_tokens: 16 }))
    const by = product.openai({ apiKey: key.secret })
    const { id } = await batchOf(lines, by)
    await product.until(
      'a line is answered',
      async () => ((await by.batches.retrieve(id)).request_counts?.completed ?? 0) > 0,
    )
    assert.equal((await product.ask('DELETE', `/api/keys/${key.id}`)).status, 200)
    const other = product.openai({ apiKey: (await madeKey(key.projectId)).secret })
    const batch = await ended(id, other)
    assert.equal(batch.status, 'failed')
    assert.equal(batch.errors?.data?.[0]?.code, 'invalid_api_key')
    assert.ok((await resultsIn(batch.output_file_id, other)).length > 0, 'what was paid for is there')
  })

  it('outlives kill -9 of control: each line has one answer and one usage record', async () => {
    const startedAt = new Date().toISOString()
    const lines = Array.from({ length: 40 }, (_, i) => request(`line ${i}`, { max_tokens: 12 }))
    const { id } = await batchOf(lines)
    for (const enough of [3, 12, 25]) {
      await product.until(`${enough} lines are answered`, async () => {
        const seen = await client.batches.retrieve(id).catch(() => null) // control may be starting
        return (seen?.request_counts?.completed ?? 0) >= enough
      })
      const pid = product.pidOf('control')
      process.kill(pid, 'SIGKILL')
      await product.until('another control serves', async () => {
        const serves = (await fetch(`${product.url}/readyz`).catch(() => null))?.status === 200
        return serves && product.processes().some((one) => one.role === 'control' && one.pid !== pid)
      })
    }
    const batch = await ended(id)
    assert.equal(batch.status, 'completed')
    assert.deepEqual(batch.request_counts, { total: 40, completed: 40, failed: 0 })
    const output = await resultsIn(batch.output_file_id)
    assert.equal(new Set(output.map(({ custom_id }) => custom_id)).size, 40)
    assert.equal(output.length, 40)
    const names = new Set(output.map(({ response }) => response?.request_id))
    assert.equal(names.size, 40)
    await product.until(
      'usage is recorded',
      async () => (await product.usage(200)).filter((one) => names.has(one.id)).length === 40,
    )
    const since = (await product.usage(200)).filter(({ started_at }) => started_at >= startedAt)
    const answered = since.filter(({ status }) => status !== 429 && status !== 503)
    assert.equal(answered.length, 40, 'a line that was asked twice is one record')
    assert.deepEqual(readdirSync(join(product.folder.root, 'batches')), [], 'nothing is left beside the files')
  })

  it('waits where a limit refuses its lines, and none of them fails', async () => {
    const key = await madeKey()
    const limited = await product.ask('PATCH', `/api/keys/${key.id}/limits`, { concurrency: 1 })
    assert.equal(limited.status, 200, JSON.stringify(limited.body))
    const by = product.openai({ apiKey: key.secret })
    const lines = Array.from({ length: 8 }, (_, i) => request(`line ${i}`, { max_tokens: 24 }))
    const batch = await ended((await batchOf(lines, by)).id, by)
    assert.equal(batch.status, 'completed')
    assert.deepEqual(batch.request_counts, { total: 8, completed: 8, failed: 0 })
    assert.equal(new Set((await resultsIn(batch.output_file_id, by)).map(({ custom_id }) => custom_id)).size, 8)
  })

  it('of another project gets its turn beside a large one', async () => {
    const large = await batchOf(Array.from({ length: 400 }, (_, i) => request(`line ${i}`, { max_tokens: 16 })))
    await product.until(
      'it runs',
      async () => ((await client.batches.retrieve(large.id)).request_counts?.completed ?? 0) > 0,
    )
    const other = product.openai({ apiKey: (await madeKey()).secret })
    const small = await ended((await batchOf([request('a'), request('b')], other)).id, other)
    assert.equal(small.status, 'completed')
    assert.equal((await client.batches.retrieve(large.id)).status, 'in_progress')
    await client.batches.cancel(large.id)
    await ended(large.id)
  })

  it('leaves neither prompts nor secrets in the logs', () => {
    const logs = readdirSync(product.folder.logs).map((name) => readFileSync(join(product.folder.logs, name), 'utf8'))
    for (const text of logs) {
      assert.ok(!text.includes('Say something about'))
      assert.ok(!text.includes(product.key))
    }
  })
})
