/**
 * The playground while four answers come at once, at 200 tokens a second each: how long the browser's main thread is
 * taken by one task, beside a bare page that adds the same text to four elements as it comes.
 *
 * The page is the real one on the real product. Only the answers are ours: a proxy in front of it writes OpenAI's events
 * at the pace, token by token, so that no engine's speed is measured.
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { ADA, startProduct } from '../../test/product.ts'
// @ts-expect-error plain JavaScript, which runs on whatever Node the machine has
import { buildConsole } from '../../tools/build-console.mjs'
import { median } from '../figures.ts'
import type { SectionOptions } from './bench.ts'

const BAR_MS = 50
const COLUMNS = 4
const TOKENS_PER_SECOND = 200
const SECONDS = 10
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

export async function run({ rounds }: SectionOptions): Promise<void> {
  if (!buildConsole()) throw new Error('The console does not build.')
  const product = await startProduct({ starter: false })
  // By its name: on a bare number a page is sent there.
  const proxy = await startProxy(new URL(product.url.replace('127.0.0.1', 'localhost')))
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  try {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    await signIn(context, proxy.origin)
    const seen: Record<'console' | 'bare', Seen[]> = { console: [], bare: [] }
    for (let round = 0; round < rounds; round++) {
      seen.console.push(await watchConsole(browser, context, proxy.origin))
      seen.bare.push(await watchBare(browser, context, proxy.origin))
    }
    print(seen)
  } finally {
    await browser.close()
    await proxy.stop()
    await product.stop()
  }
}

type Seen = {
  /** Of the main thread, longest last. */
  tasksMs: number[]
  taskCpuMs: number[]
  longestFrameMs: number
  framesPerSecond: number
  characters: number
}

function print({ console: ours, bare }: Record<'console' | 'bare', Seen[]>): void {
  const longest = (seen: Seen[], kind: 'tasksMs' | 'taskCpuMs') => median(seen.map((one) => one[kind].at(-1) ?? 0))
  const over = (seen: Seen[], kind: 'tasksMs' | 'taskCpuMs') =>
    seen.map((one) => one[kind].filter((ms) => ms > BAR_MS).length).join(', ')
  const line = (name: string, seen: Seen[]) =>
    console.log(
      [
        name.padEnd(10),
        `longest task ${longest(seen, 'tasksMs').toFixed(0)} ms, ${longest(seen, 'taskCpuMs').toFixed(0)} ms of the processor;`,
        `over ${BAR_MS} ms: ${over(seen, 'tasksMs')}, of the processor: ${over(seen, 'taskCpuMs')};`,
        `${median(seen.map((one) => one.framesPerSecond)).toFixed(0)} frames/s,`,
        `longest frame ${median(seen.map((one) => one.longestFrameMs)).toFixed(0)} ms`,
      ].join(' '),
    )
  console.log(
    `${COLUMNS} × ${TOKENS_PER_SECOND} tokens/s for ${SECONDS} s, ${ours[0]?.characters ?? 0} characters shown`,
  )
  line('console', ours)
  line('bare page', bare)
  const clears = ours.every((one) => (one.taskCpuMs.at(-1) ?? 0) <= BAR_MS)
  console.log(`no task costs more than ${BAR_MS} ms: ${clears ? 'yes' : 'NO'}`)
}

// ── the pages ───────────────────────────────────────────

async function signIn(context: BrowserContext, origin: string): Promise<void> {
  const answer = await context.request.post(`${origin}/api/auth/sign-in/email`, {
    data: { email: ADA.email, password: ADA.password },
    headers: { origin },
  })
  if (!answer.ok()) throw new Error(`Nobody could sign in: ${await answer.text()}`)
}

async function watchConsole(browser: Browser, context: BrowserContext, origin: string): Promise<Seen> {
  const page = await context.newPage()
  try {
    const models = Array.from({ length: COLUMNS }, (_, index) => `paced-${index + 1}`).join(',')
    await page.goto(`${origin}/playground?models=${models}`)
    await page.locator('.compose textarea').fill('Go on for a while.')
    return await watched(browser, page, '.answer .said', async () => {
      await page.locator('.compose button[type=submit]').click()
      await page.locator('.answer .said.growing').first().waitFor()
      // While answers come, its place is Stop's.
      await page.locator('.compose button[type=submit]').waitFor({ timeout: SECONDS * 10_000 })
    })
  } finally {
    await page.close()
  }
}

async function watchBare(browser: Browser, context: BrowserContext, origin: string): Promise<Seen> {
  const page = await context.newPage()
  try {
    await page.goto(`${origin}/bare`)
    return await watched(browser, page, 'p', () => page.evaluate('go()'))
  } finally {
    await page.close()
  }
}

async function watched(browser: Browser, page: Page, selector: string, act: () => Promise<unknown>): Promise<Seen> {
  await page.evaluate(COUNT_FRAMES)
  await browser.startTracing(page, { categories: ['toplevel'] })
  await act()
  const tasks = tasksIn(await browser.stopTracing())
  return { ...(await page.evaluate<Omit<Seen, 'tasksMs' | 'taskCpuMs'>>(framesAnd(selector))), ...tasks }
}

type TraceEvent = {
  name: string
  ph: string
  pid: number
  tid: number
  dur?: number
  tdur?: number
  args?: { name?: string }
}

/** Tasks of the main threads of pages; the trace has microseconds. */
function tasksIn(trace: Buffer): Pick<Seen, 'tasksMs' | 'taskCpuMs'> {
  const { traceEvents } = JSON.parse(trace.toString('utf8')) as { traceEvents: TraceEvent[] }
  const named = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
  const mains = new Set(named.map(({ pid, tid }) => `${pid} ${tid}`))
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === 'X' && name.endsWith('RunTask') && mains.has(`${pid} ${tid}`),
  )
  if (tasks.length === 0) throw new Error('The trace has no tasks.')
  const sorted = (of: 'dur' | 'tdur') => tasks.map((task) => (task[of] ?? 0) / 1_000).sort((a, b) => a - b)
  return { tasksMs: sorted('dur'), taskCpuMs: sorted('tdur') }
}

// As text: the types of this program know no browser.
const COUNT_FRAMES = `
  window.seen = { frames: 0, longestFrameMs: 0, from: performance.now(), last: performance.now() }
  const tick = (now) => {
    seen.frames++
    seen.longestFrameMs = Math.max(seen.longestFrameMs, now - seen.last)
    seen.last = now
    requestAnimationFrame(tick)
  }
  requestAnimationFrame(tick)
`
const framesAnd = (selector: string) => `({
  longestFrameMs: seen.longestFrameMs,
  framesPerSecond: (seen.frames * 1000) / (performance.now() - seen.from),
  characters: [...document.querySelectorAll('${selector}')].reduce((sum, one) => sum + one.textContent.length, 0),
})`

const BARE = `<!doctype html><title>bare</title><p></p><p></p><p></p><p></p><script>
  async function follow(place) {
    const answer = await fetch('/v1/chat/completions', { method: 'POST', body: '{}' })
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const events = (rest + part.value).split('\\n\\n')
      rest = events.pop()
      for (const event of events) {
        if (event === 'data: [DONE]') return
        place.append(JSON.parse(event.slice(6)).choices[0]?.delta.content ?? '')
      }
    }
  }
  const go = () => Promise.all([...document.querySelectorAll('p')].map(follow))
</script>`

// ── the paced source ────────────────────────────────────

async function startProxy(behind: URL): Promise<{ origin: string; stop: () => Promise<void> }> {
  const server: Server = createServer((asked, answer) => {
    if (asked.url === '/bare') answer.writeHead(200, { 'content-type': 'text/html' }).end(BARE)
    else if (asked.url === '/v1/chat/completions') writeAtPace(asked, answer)
    else passOn(behind, asked, answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Everything else is the product's own; it trusts its own address alone, so the browser's is replaced by that. */
function passOn(behind: URL, asked: IncomingMessage, answer: ServerResponse): void {
  const headers = { ...asked.headers, host: behind.host, ...(asked.headers.origin ? { origin: behind.origin } : {}) }
  const onward = request(
    { host: behind.hostname, port: behind.port, method: asked.method, path: asked.url, headers },
    (came) => {
      answer.writeHead(came.statusCode ?? 502, came.headers)
      came.pipe(answer)
    },
  )
  onward.on('error', () => answer.destroy())
  answer.on('close', () => onward.destroy())
  asked.pipe(onward)
}

function writeAtPace(asked: IncomingMessage, answer: ServerResponse): void {
  asked.resume()
  answer.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_paced' })
  const total = TOKENS_PER_SECOND * SECONDS
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) * TOKENS_PER_SECOND) / 1_000))
    for (; sent < due; sent++) answer.write(chunk({ content: TEXT[sent % TEXT.length] }, null))
    if (sent < total) return
    clearInterval(timer)
    answer.write(chunk({}, 'stop'))
    answer.end('data: [DONE]\n\n')
  }, 5)
  answer.on('close', () => clearInterval(timer))
}

const chunk = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

/** What models write: words, a list, a table, code, and a paragraph that does not end soon. */
const TEXT =
  `## Eggs, counted\n\nA crate holds **12 trays** of \`18\` eggs, and so on. ${'It goes on for a while, as answers do. '.repeat(30)}

1. A full crate: 12 × 18 = 216 eggs.
2. A cracked tray loses a third: 18 ÷ 3 = *6* eggs.
   - inside, a list of its own
   - with two items

| Tray | Eggs | Left |
|:-----|-----:|-----:|
${'| cracked | 18 | **12** |\n'.repeat(12)}
\`\`\`python
${'def left(trays, eggs, cracked):\n    return trays * eggs - cracked * eggs // 3\n\n'.repeat(20)}\`\`\`

> Said by somebody, [with a link](https://example.com).

`.match(/\s*\S{1,5}\s?/g) ?? []
