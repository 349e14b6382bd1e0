/**
 * The playground as the console will drive it: a real browser, signed in, gets itself a key and calls /v1 of the same
 * address, streaming and stopping, through two workers, with a model that computes.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

type ConsoleKey = { id: string; secret: string; project_id: string }
type Seen = {
  status: number
  type: string | null
  chunks: number
  text: string
  requestId: string | null
  error: string | null
}

describe('the playground in a browser', { skip: !existsSync(CHROMIUM) && `there is no ${CHROMIUM}` }, () => {
  let product: Product
  let browser: Browser
  let page: Page
  let projectId: string

  before(async () => {
    product = await startProduct({ starter: false, environment: { GATEWAY_WORKERS: '2' } })
    await product.importModel('tiny', await testModel('qwen3'))
    await product.load('tiny', { context_tokens: 4096, sequences: 2 })
    projectId = (await product.get<{ data: { id: string }[] }>('/api/projects')).data[0]?.id ?? ''
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    page = await browser.newPage()
    // A bare answer of the same origin, so that what is tried is the API and no page of ours.
    await page.goto(`${product.url.replace('127.0.0.1', 'localhost')}/livez`)
    await signIn()
  })
  after(async () => {
    await browser?.close()
    await product?.stop()
  })

  async function signIn() {
    const status = await page.evaluate(async () => {
      const answer = await fetch('/api/auth/sign-in/email', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'ada@example.com', password: 'a long enough password' }),
      })
      return answer.status
    })
    assert.equal(status, 200)
  }

  function openPlayground(): Promise<ConsoleKey> {
    return page.evaluate(async (project_id) => {
      const answer = await fetch('/api/console-keys', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ project_id }),
      })
      if (answer.status !== 201) throw new Error(await answer.text())
      return (await answer.json()) as ConsoleKey
    }, projectId)
  }

  /** Streams an answer in the browser. @param stopAfter leaves after so many chunks */
  function stream(secret: string, max_tokens: number, stopAfter = Number.POSITIVE_INFINITY): Promise<Seen> {
    return page.evaluate(
      async ([secret, max_tokens, stopAfter]) => {
        const leaving = new AbortController()
        const answer = await fetch('/v1/chat/completions', {
          method: 'POST',
          headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            model: 'tiny',
            stream: true,
            max_tokens,
            ignore_eos: true,
            messages: [{ role: 'user', content: 'Go on.' }],
          }),
          signal: leaving.signal,
        })
        const seen = { chunks: 0, text: '', error: null as string | null }
        try {
          const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
          for (let part = await reader.read(); !part.done; part = await reader.read()) {
            seen.chunks++
            seen.text += part.value
            if (seen.chunks === stopAfter) leaving.abort()
          }
        } catch (error) {
          seen.error = (error as Error).name
        }
        const { headers, status } = answer
        return { ...seen, status, type: headers.get('content-type'), requestId: headers.get('x-request-id') }
      },
      [secret, max_tokens, stopAfter] as const,
    )
  }

  it('gets a key that works at once in every worker, and an answer that comes as it is made', async () => {
    const { secret, id } = await openPlayground()
    const statuses = await page.evaluate(
      (secret) =>
        Promise.all(
          Array.from({ length: 24 }, async () => {
            const answer = await fetch('/v1/models', {
              headers: { authorization: `Bearer ${secret}` },
              cache: 'no-store',
            })
            return answer.status
          }),
        ),
      secret,
    )
    // The browser keeps few connections; the official client's own ones reach the other worker.
    const others = await Promise.all(
      Array.from({ length: 24 }, () =>
        fetch(`${product.url}/v1/models`, { headers: { authorization: `Bearer ${secret}`, connection: 'close' } }),
      ),
    )
    assert.deepEqual(new Set([...statuses, ...others.map(({ status }) => status)]), new Set([200]))

    const whole = await stream(secret, 24)
    assert.deepEqual([whole.status, whole.error], [200, null])
    assert.match(whole.type ?? '', /^text\/event-stream/)
    assert.ok(whole.chunks > 1, 'it came in parts')
    assert.match(whole.text, /data: \[DONE\]\n\n$/)
    const record = await product.until('its record is there', async () =>
      (await product.usage()).find((one) => one.id === whole.requestId),
    )
    assert.equal(record.key_id, id)
    const key = await product.get<{ kind: string; last_used_at: string | null; owner: { name: string } }>(
      `/api/keys/${id}`,
    )
    assert.deepEqual([key.kind, key.owner.name], ['console', 'Ada'])
    assert.ok(key.last_used_at)
  })

  it('stops an answer, which the engine then stops computing', async () => {
    const { secret } = await openPlayground()
    const stopped = await stream(secret, 4000, 2)
    assert.deepEqual([stopped.status, stopped.error], [200, 'AbortError'])
    await product.idle()
    const record = await product.until('its record is there', async () =>
      (await product.usage()).find((one) => one.id === stopped.requestId),
    )
    assert.equal(record.cut_by, 'client')
  })

  it('is told in the browser why something is refused', async () => {
    const refused = await page.evaluate(async () => {
      const answer = await fetch('/v1/chat/completions', {
        method: 'POST',
        headers: { authorization: 'Bearer sk-tw-no' },
        body: '{}',
      })
      return { status: answer.status, code: ((await answer.json()) as { error: { code: string } }).error.code }
    })
    assert.deepEqual(refused, { status: 401, code: 'invalid_api_key' })
    const cookieOnly = await page.evaluate(async () => (await fetch('/v1/models')).status)
    assert.equal(cookieOnly, 401, 'a session opens no /v1')
  })

  it('has no key any more once it has signed out, in any worker', async () => {
    const { secret } = await openPlayground()
    const out = await page.evaluate(async () => {
      const answer = await fetch('/api/auth/sign-out', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      return answer.status
    })
    assert.equal(out, 200)
    const after = await Promise.all(
      Array.from({ length: 24 }, () =>
        fetch(`${product.url}/v1/models`, { headers: { authorization: `Bearer ${secret}`, connection: 'close' } }),
      ),
    )
    assert.deepEqual(new Set(after.map(({ status }) => status)), new Set([401]))
  })
})

describe('a page that waits for the first call of a new key', () => {
  it('sees it, also where it asked for the list of models only', async () => {
    const product = await startProduct({ starter: false })
    try {
      const { body } = await product.ask('POST', '/api/keys', { name: 'fresh' })
      const { id, secret } = body as { id: string; secret: string }
      const lastUsed = async () => (await product.get<{ last_used_at: string | null }>(`/api/keys/${id}`)).last_used_at
      assert.equal(await lastUsed(), null)
      assert.equal(
        (await fetch(`${product.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } })).status,
        200,
      )
      await product.until('its first use is there', async () => (await lastUsed()) !== null)
    } finally {
      await product.stop()
    }
  })
})
