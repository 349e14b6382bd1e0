/**
 * Every page of the console with something on it: axe finds nothing, in both themes, on a desk and on a phone; nothing
 * goes wrong in the browser; every word is a word of the language; and whatever people or models write stays text.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type Look, NO_BROWSER, newVisitor, ONE_LOOK, openBrowser, settled, type Visitor } from './console/browser.ts'
import { type Demo, startDemo } from './console/demo.ts'
import { openView, VIEWS, type View, type Who } from './console/views.ts'
import { sayIn, wordsFiles } from './console/words.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']
/** What a theme can break; all else of a page is the same in the other one. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block']
/** Pages that are read at the same time. */
const AT_ONCE = 3

const HACK = '<img src=x onerror="hacked=1"><script>hacked=1</script>'

let demo: Demo
let browser: Browser

before(async () => {
  if (NO_BROWSER !== false) return
  browser = await openBrowser()
  demo = await startDemo()
})
after(async () => {
  await browser?.close()
  await demo?.stop()
})

describe('every page of the console', { skip: NO_BROWSER }, () => {
  it('on a desk, in English and light: axe finds nothing, nor in the colours of the dark; nothing goes wrong', async () => {
    const look: Look = { language: 'en', theme: 'light', width: 1440 }
    await forEachView(look, async (page, view) => [
      ...(await axe(page, { runOnly: TAGS })),
      ...(await wordsThatAreNone(page, view)),
      ...(await sideways(page)),
      ...(await inTheme(page, 'dark', () => axe(page, { runOnly: { type: 'rule', values: OF_COLOURS } }))),
    ])
  })

  it('on a phone, in Chinese and dark: axe finds nothing; nothing goes wrong, nothing scrolls sideways', {
    skip: ONE_LOOK,
  }, async () => {
    const look: Look = { language: 'zh', theme: 'dark', width: 390 }
    await forEachView(look, async (page, view) => [
      ...(await axe(page, { runOnly: TAGS })),
      ...(await wordsThatAreNone(page, view)),
      ...(await sideways(page)),
    ])
  })

  /** Looks at each view as who it is for. @throws with everything that was found, in all of them */
  async function forEachView(look: Look, find: (page: Page, view: View) => Promise<string[]>): Promise<void> {
    const say = sayIn(look.language)
    const waiting = VIEWS.map((view) => ({ view }))
    const found: string[] = []
    const read = async () => {
      const visitors = new Map<Who, Visitor>()
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { view } = next
        const visitor = visitors.get(view.who) ?? (await visitorFor(view.who, look))
        visitors.set(view.who, visitor)
        visitor.expected = view.expected ?? null
        await openView(visitor.page, view, demo, say)
        found.push(...(await find(visitor.page, view)).map((one) => `${view.name}: ${one}`))
        found.push(...visitor.troubles.splice(0).map((one) => `${view.name}: ${one}`))
      }
      for (const visitor of visitors.values()) await visitor.close()
    }
    await Promise.all(Array.from({ length: AT_ONCE }, read))
    assert.deepEqual(found, [])
  }
})

describe('what people and models write', { skip: NO_BROWSER }, () => {
  it('never becomes an element, in whichever field it was written', async () => {
    const { mei } = demo.people
    const { id: organization_id } = await mei.call('POST', '/api/organizations', {
      name: `O ${HACK}`,
      become_owner: true,
    })
    const projects = await mei.call<{ data: { id: string }[] }>(
      'GET',
      `/api/projects?organization_id=${organization_id}`,
    )
    const project_id = projects.data[0]?.id ?? ''
    await mei.call('PATCH', `/api/projects/${project_id}`, { name: `P ${HACK}` })
    await mei.call('PATCH', `/api/projects/${project_id}`, { content_on_disk: true, content_logging: true })
    await mei.call('PATCH', '/api/me/account', { name: `N ${HACK}` })
    const { id: account } = await mei.call('POST', '/api/service-accounts', { organization_id, name: `A ${HACK}` })
    const key = await mei.call<{ id: string; secret: string }>('POST', '/api/keys', { name: `K ${HACK}`, project_id })
    const { response } = await demo.product
      .openai({ apiKey: key.secret })
      .chat.completions.create({
        model: demo.models.starter,
        messages: [
          { role: 'system', content: HACK },
          { role: 'user', content: `Say this: ${HACK}` },
        ],
        max_tokens: 4,
      })
      .withResponse()
    const request = response.headers.get('x-request-id') ?? ''
    const { id: session } = await mei.call(
      'POST',
      '/api/playground/sessions',
      evilSession(project_id, demo.models.starter),
    )
    await demo.product.until('its record is there', async () =>
      (await demo.product.usage()).some(({ id }) => id === request),
    )

    const visitor = await visitorFor('owner', { language: 'en', theme: 'light', width: 1440 })
    const { page } = visitor
    const where = `project=${project_id}`
    for (const [path, shown] of [
      [`/?${where}`, `P ${HACK}`],
      [`/keys/${key.id}?${where}`, `K ${HACK}`],
      [`/people?${where}`, `N ${HACK}`],
      [`/people?tab=accounts&account=${account}&${where}`, `A ${HACK}`],
      [`/people/trail?${where}`, `K ${HACK}`],
      [`/usage?range=24h&by=key&${where}`, `K ${HACK}`],
      [`/usage?range=24h&by=person&${where}`, `N ${HACK}`],
      [`/requests?${where}`, `K ${HACK}`],
      [`/requests/${request}?${where}`, `K ${HACK}`],
      [`/settings?${where}`, `P ${HACK}`],
      [`/settings?tab=organization&${where}`, `P ${HACK}`],
      [`/playground/${session}?${where}`, HACK],
      [`/playground/${session}?beside=saved&${where}`, `T ${HACK}`],
      [`/models/${demo.models.starter}?${where}`, `K ${HACK}`],
      [`/account?${where}`, `P ${HACK}`],
    ] as const) {
      await page.goto(path)
      await settled(page)
      if (path.startsWith('/requests/'))
        await page.getByRole('button', { name: sayIn('en')('requests', 'content-show') }).click()
      await page
        .waitForFunction(isShown, shown, { timeout: 10_000 })
        .catch(() => assert.fail(`${path} does not show ${shown}`))
      assert.deepEqual(await page.evaluate(elementsOfText), [], path)
    }
    assert.deepEqual(visitor.troubles, [])
    await visitor.close()
  })

  it('stays text also while an answer streams in', async () => {
    const visitor = await visitorFor('owner', { language: 'en', theme: 'light', width: 1440 })
    const { page } = visitor
    const say = sayIn('en')
    const said = `# ${HACK}\n\n- [press](javascript:hacked=1)\n- ![picture](http://127.0.0.1:9/x.png)\n\n\`\`\`html\n${HACK}\n\`\`\`\n<iframe src="/"></iframe> <a href="javascript:hacked=1">a</a>`
    // An engine says what its weights make it say; what the browser gets is scripted here.
    await page.route('**/v1/chat/completions', (route) =>
      route.fulfill({ contentType: 'text/event-stream', body: eventsOf(said) }),
    )
    await page.goto(`/playground?models=${demo.models.starter}&project=${demo.projects.lab}`)
    await settled(page)
    await page.getByRole('textbox', { name: say('playground', 'message'), exact: true }).fill('Go on.')
    await page.getByRole('button', { name: say('playground', 'send'), exact: true }).click()
    await page.locator('.said').getByText('iframe').first().waitFor()
    assert.deepEqual(await page.evaluate(elementsOfText), [])
    assert.equal(await page.locator('.said img, .said iframe, .said a[href^="javascript"]').count(), 0)
    assert.deepEqual(visitor.troubles, [])
    await visitor.close()
  })
})

async function visitorFor(who: Who, look: Look): Promise<Visitor> {
  const visitor = await newVisitor(browser, demo.product, look)
  const person = { owner: demo.people.mei, viewer: demo.people.noor, nobody: null }[who]
  if (person) await visitor.context.addCookies(person.cookies)
  return visitor
}

type Found = { violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[] }

async function axe(page: Page, options: object): Promise<string[]> {
  await page.evaluate(AXE)
  const { violations } = (await page.evaluate(
    `axe.run(document, ${JSON.stringify({ ...options, resultTypes: ['violations'] })})`,
  )) as Found
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary.replaceAll(/\s+/g, ' ')}`),
  )
}

async function inTheme(page: Page, theme: string, find: () => Promise<string[]>): Promise<string[]> {
  const before = await page.evaluate('document.documentElement.dataset.theme')
  await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`)
  const found = await find()
  await page.evaluate(`document.documentElement.dataset.theme = '${before}'`)
  return found.map((one) => `in the ${theme}: ${one}`)
}

/** Keys of words that were not found, and places that nothing filled in. */
async function wordsThatAreNone(page: Page, view: View): Promise<string[]> {
  const texts = (await page.evaluate(allTexts)) as string[]
  return texts
    .filter(
      (text) =>
        (KEYS.has(text) && !WORDS.has(text) && !isData(text)) || (/\{\w+\}/.test(text) && view.name !== 'parts'),
    )
    .map((text) => `shows “${text}”`)
}

const files = [...wordsFiles().values()]
/** Keys that nobody would take for a word. */
const KEYS = new Set(files.flatMap(({ words }) => Object.keys(words)).filter((key) => /[-._]/.test(key)))
const WORDS = new Set(files.flatMap(({ words }) => Object.values(words)))
const isData = (text: string) => /^(nightly-report|web-chat|support-desk|claims-triage)$/.test(text)

async function sideways(page: Page): Promise<string[]> {
  const [has, shows] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [number, number]
  return has > shows ? [`scrolls sideways, ${has} in ${shows} px`] : []
}

// ── within the page ─────────────────────────────────────

type Element = {
  outerHTML: string
  childNodes: Iterable<{ nodeType: number; textContent: string }>
  closest(selector: string): object | null
  getAttribute(name: string): string | null
}
type InPage = {
  hacked?: number
  document: { body: { textContent: string }; querySelectorAll(selector: string): Iterable<Element> }
}

function isShown(text: string): boolean {
  return (globalThis as unknown as InPage).document.body.textContent.includes(text)
}

/** What was text and has become more. */
function elementsOfText(): string[] {
  const { document, hacked } = globalThis as unknown as InPage
  const found = [
    ...document.querySelectorAll('script:not([src]), img[src="x"], [onerror], iframe, a[href^="javascript:"]'),
  ]
  return [...(hacked === undefined ? [] : ['it ran']), ...found.map(({ outerHTML }) => outerHTML)]
}

/** Every text and label outside code and ids. */
function allTexts(): string[] {
  const { document } = globalThis as unknown as InPage
  const texts: string[] = []
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('code, pre, .mono, .id, script, [lang]:not(html)') !== null) continue
    for (const name of ['aria-label', 'title', 'placeholder']) texts.push(element.getAttribute(name) ?? '')
    for (const node of element.childNodes) if (node.nodeType === 3) texts.push(node.textContent.trim())
  }
  return [...new Set(texts.filter((text) => text !== ''))]
}

// ── what is written ─────────────────────────────────────

function evilSession(project_id: string, model: string) {
  const answer = {
    model,
    text: `${HACK}\n\n[press](javascript:hacked=1)`,
    reasoning: HACK,
    tool_calls: [{ id: 'c1', name: HACK, arguments: JSON.stringify({ a: HACK }) }],
    edited: false,
    finish: 'stop',
    error: { code: 'stream_cut', message: HACK },
    request_id: null,
    tokens: null,
    timings: null,
  }
  const turn = { tool_call_id: null, at: new Date().toISOString() }
  return {
    project_id,
    title: `T ${HACK}`,
    kind: 'chat',
    visibility: 'project',
    document: {
      format: 1,
      models: [model],
      system_prompt: HACK,
      parameters: {},
      tools_json: null,
      response_format: { type: 'text', schema_json: null },
      turns: [
        { ...turn, id: 'u1', parent_id: null, role: 'user', text: HACK, answers: [] },
        { ...turn, id: 'a1', parent_id: 'u1', role: 'assistant', text: '', answers: [answer] },
      ],
      shown: 'a1',
      inputs: [],
    },
  }
}

/** An answer as the API streams it, a few characters at a time. */
function eventsOf(text: string): string {
  const chunk = (delta: object, finish_reason: string | null) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
  const pieces = text.match(/[\s\S]{1,7}/g) ?? []
  return `${pieces.map((content) => chunk({ content }, null)).join('')}${chunk({}, 'stop')}data: [DONE]\n\n`
}
