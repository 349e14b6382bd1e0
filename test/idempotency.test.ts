/** Idempotency keys through two gateway workers and control's database: run once, wherever it is tried again, whoever dies. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

const MODEL = 'tiny-qwen3'
const WORKERS = process.platform === 'linux' ? 2 : 1
/** So long that a kill finds it running. */
const LONG_TOKENS = 20_000

let product: Product
let project = ''

before(async () => {
  product = await startProduct({ starter: false, environment: { GATEWAY_WORKERS: String(WORKERS) } })
  await product.importModel(MODEL, await testModel('qwen3'))
  await product.load(MODEL, { sequences: 4 })
  project = (await product.get<{ data: { id: string }[] }>('/api/projects')).data[0]?.id ?? ''
  await allowContentOnDisk(true)
})
after(() => product.stop())

async function allowContentOnDisk(allowed: boolean): Promise<void> {
  const { status, body } = await product.ask('PATCH', `/api/projects/${project}`, { content_on_disk: allowed })
  assert.equal(status, 200, JSON.stringify(body))
}

/** On a connection of its own, so that any worker may get it. */
function ask(name: string, change: object = {}): Promise<Response> {
  return fetch(`${product.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${product.key}`,
      'content-type': 'application/json',
      'idempotency-key': name,
      connection: 'close',
    },
    body: JSON.stringify({
      model: MODEL,
      messages: [{ role: 'user', content: 'Once upon a time' }],
      max_tokens: 8,
      ...change,
    }),
  })
}

const idOf = (answer: Response) => answer.headers.get('x-request-id') ?? ''

describe('a request with an idempotency key', () => {
  it('runs once, however many workers are asked at once, and is recorded once', async () => {
    const before = (await product.usage()).length
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const answer = await ask('together', { temperature: 1 })
        return { answer, text: await answer.text() }
      }),
    )
    assert.deepEqual(new Set(answers.map(({ answer }) => answer.status)), new Set([200]))
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1)
    const firsts = answers.filter(({ answer }) => answer.headers.get('idempotent-replayed') === null)
    assert.equal(firsts.length, 1)
    const first = idOf(firsts[0]!.answer)
    await product.until('its record arrives', async () => (await product.usage()).some(({ id }) => id === first))
    assert.equal((await product.usage()).length, before + 1)
  })

  it('is replayed by a control that was started since', async () => {
    const first = await (await ask('restart', { stream: true })).text()
    const { pid } = product.processes().find(({ role }) => role === 'control')!
    process.kill(pid, 'SIGKILL')
    await product.until(
      'control is back',
      async () => (await fetch(`${product.url}/readyz`).catch(() => null))?.status === 200,
    )
    const second = await ask('restart', { stream: true })
    assert.equal(second.headers.get('idempotent-replayed'), 'true')
    assert.equal(await second.text(), first)
  })

  it('runs again when its worker was killed in the middle, once, and each run has its record', async () => {
    const long = { stream: true, max_tokens: LONG_TOKENS, ignore_eos: true }
    const cut = await ask('killed', long)
    assert.equal(cut.status, 200)
    const reader = (cut.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    for (const { pid } of product.processes().filter(({ role }) => role === 'worker')) process.kill(pid, 'SIGKILL')
    await (async () => {
      while (!(await reader.read()).done);
    })().catch(() => {})
    // Until the claim of the dead worker lapses, the key is taken; nobody runs it meanwhile.
    const again = await product.until('the claim lapses', async () => {
      const answer = await ask('killed', long).catch(() => null)
      if (answer?.status === 200) return answer
      const text = (await answer?.text()) ?? ''
      assert.ok(
        answer === null || /idempotency_in_progress|starting|control_unavailable|idempotency_unavailable/.test(text),
        text,
      )
      return null
    })
    const first = again.body?.getReader()
    await first?.read()
    await first?.cancel() // it goes on without its client
    const replayed = await product.until('the second run ends', async () => {
      const answer = await ask('killed', long)
      if (answer.status === 200) return answer
      assert.match(await answer.text(), /idempotency_in_progress/)
      return null
    })
    assert.equal(replayed.headers.get('idempotent-replayed'), 'true')
    assert.equal(replayed.headers.get('idempotent-request-id'), idOf(again))
    assert.match(await replayed.text(), /data: \[DONE\]\n\n$/)
    const records = await product.until('both records arrive', async () => {
      const of = (await product.usage()).filter(({ id }) => id === idOf(cut) || id === idOf(again))
      return of.length === 2 && of
    })
    const [interrupted, whole] = [idOf(cut), idOf(again)].map((id) => records.find((record) => record.id === id))
    assert.equal(interrupted?.cut_by, 'gateway')
    assert.deepEqual([whole?.cut_by, whole?.error_code, whole?.status], [null, null, 200])
  })

  it('loses its answer when its project forbids content on disk, and is not run again', async () => {
    const first = await ask('forbidden')
    assert.equal(first.status, 200)
    await first.text()
    await allowContentOnDisk(false)
    const second = await product.until('the answer is removed', async () => {
      const answer = await ask('forbidden')
      return answer.status === 409 ? answer : void (await answer.text())
    })
    assert.match(await second.text(), /idempotency_answer_not_kept/)
    await allowContentOnDisk(true)
  })
})
