/**
 * `npm run screenshots`: every page of the console as it is, in every look, from the real product on demo data.
 *
 *   npm run screenshots                            all pages; the folder is printed
 *   npm run screenshots -- --out /tmp/shots        into that folder; index.html is a sheet of all of them
 *   npm run screenshots -- --only usage,keys       pages whose name holds one of these
 *   npm run screenshots -- --looks 390-dark-zh     only these looks
 *   npm run screenshots -- --readme                the three of the README, into docs/images
 *
 * The product starts on a folder of its own and is thrown away at the end. It needs Chromium, and fonts for Chinese.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type Language, type Look, newVisitor, openBrowser, type Theme } from '../test/console/browser.ts'
import { type Demo, MEI, startDemo } from '../test/console/demo.ts'
import type { Person } from '../test/console/person.ts'
import { openView, VIEWS, type View } from '../test/console/views.ts'
import { sayIn } from '../test/console/words.ts'
import type { Product } from '../test/product.ts'

const WIDTHS = [1440, 390] as const
const THEMES: readonly Theme[] = ['light', 'dark']
const LANGUAGES: readonly Language[] = ['en', 'zh']
const LOOKS: readonly Look[] = WIDTHS.flatMap((width) =>
  LANGUAGES.flatMap((language) => THEMES.map((theme) => ({ width, language, theme }))),
)
const README: { view: string; look: Look }[] = [
  { view: 'overview', look: { width: 1440, theme: 'light', language: 'en' } },
  { view: 'models', look: { width: 1440, theme: 'light', language: 'en' } },
  { view: 'usage', look: { width: 1440, theme: 'dark', language: 'en' } },
]
/** Of one picture; beyond it the page goes on as it began. */
const HEIGHT_MAX = 4_000
/** Answers that are still being made and numbers that still move settle within this. */
const CALM_MS = 300

const { values: given } = parseArgs({
  options: {
    out: { type: 'string' },
    only: { type: 'string' },
    looks: { type: 'string' },
    readme: { type: 'boolean', default: false },
  },
})

const nameOf = ({ width, theme, language }: Look) => `${width}-${theme}-${language}`
const fileOf = (view: string, look: Look) => `${view}.${nameOf(look)}.png`

const out = resolve(given.out ?? mkdtempSync(join(tmpdir(), 'tradewind-screenshots-')))
mkdirSync(out, { recursive: true })
const wanted = given.only?.split(',')
const views = VIEWS.filter(({ name }) => wanted === undefined || wanted.some((part) => name.includes(part)))
const looks = LOOKS.filter((look) => given.looks === undefined || given.looks.split(',').includes(nameOf(look)))
const browser = await openBrowser()
const troubles: string[] = []
let demo: Demo | null = null
try {
  const setsUp = !given.readme && (wanted === undefined || wanted.includes('setup'))
  demo = await startDemo({
    past: true,
    fetchStarter: true,
    // Calls that are shown have the address that a newcomer's have.
    ...(given.readme ? { environment: { PORT: '8484' } } : {}),
    ...(setsUp ? { beforeSetUp: (product: Product) => takeSetUp(product) } : {}),
  })
  if (given.readme) await takeReadme(demo)
  else await takeAll(demo)
} finally {
  await demo?.stop()
  await browser.close()
}
if (!given.readme) writeFileSync(join(out, 'index.html'), sheet())
for (const trouble of new Set(troubles)) console.error(trouble)
console.log(given.readme ? 'docs/images holds the three.' : `Look at ${join(out, 'index.html')}`)

async function takeAll(demo: Demo): Promise<void> {
  // The themes of a page differ in colour alone, so it is opened once for both.
  for (const { width, language } of looks.filter(
    (look, index) => looks.findIndex((one) => one.width === look.width && one.language === look.language) === index,
  )) {
    for (const who of ['owner', 'viewer', 'nobody'] as const) {
      const some = views.filter((view) => view.who === who)
      if (some.length === 0) continue
      const person = { owner: demo.people.mei, viewer: demo.people.noor, nobody: null }[who]
      const look: Look = { width, language, theme: 'light' }
      const visitor = await visit(browser, demo.product, look, person)
      for (const view of some) {
        try {
          await openView(visitor.page, view, demo, sayIn(language))
          for (const theme of THEMES) {
            if (!looks.some((one) => one.width === width && one.language === language && one.theme === theme)) continue
            await take(visitor.page, view, { width, language, theme })
          }
        } catch (error) {
          troubles.push(`${view.name}, ${nameOf(look)}: ${(error as Error).message.split('\n')[0]}`)
        }
      }
      troubles.push(...visitor.troubles.map((trouble) => `${who}, ${nameOf(look)}: ${trouble}`))
      await visitor.close()
    }
    console.log(`${width}, ${language}: ${views.length} pages`)
  }
}

/** The link's page, empty and then with what one gets; only one person ever sees it, so all looks are of one visit. */
async function takeSetUp(product: Product): Promise<void> {
  const visitor = await visit(browser, product, { width: 1440, theme: 'light', language: 'en' }, null)
  const { page } = visitor
  const link = new URL(await product.setUpLink())
  const say = sayIn('en')
  await visitor.go(link.pathname + link.search)
  await takeInPlace(page, { name: 'setup', who: 'nobody', path: () => '' })
  await page.getByLabel(say('alone', 'name'), { exact: true }).fill(MEI.name)
  await page.getByLabel(say('alone', 'email'), { exact: true }).fill(MEI.email)
  await page.getByLabel(say('alone', 'password'), { exact: true }).fill(MEI.password)
  await page.getByLabel(say('alone', 'organization'), { exact: true }).fill(MEI.organization)
  await page.getByRole('button', { name: say('alone', 'setup-act') }).click()
  await page.locator('[data-secret]').waitFor()
  product.key = (await page.locator('[data-secret]').textContent()) ?? ''
  await takeInPlace(page, { name: 'setup-ready', who: 'nobody', path: () => '' })
  await visitor.close()
}

/** All looks of what is on the screen, by the page's own switches. */
async function takeInPlace(page: Page, view: View): Promise<void> {
  let now: Language = 'en'
  for (const look of looks) {
    await page.setViewportSize({ width: look.width, height: 900 })
    if (look.language !== now)
      await page.getByRole('button', { name: sayIn(now)('frame', 'other-language-label') }).click()
    now = look.language
    await take(page, view, look)
  }
  if (now !== 'en') await page.getByRole('button', { name: sayIn(now)('frame', 'other-language-label') }).click()
}

async function take(page: Page, { name, whole = true }: View, look: Look): Promise<void> {
  await page.evaluate(`document.documentElement.dataset.theme = '${look.theme}'`)
  await page.waitForTimeout(CALM_MS)
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 }
  // On phones a panel fills the window, and what lies under it is no part of the picture.
  const covered = width < 600 && (await page.locator('.panel').count()) > 0
  const full = whole && !covered ? Number(await page.evaluate('document.documentElement.scrollHeight')) : height
  const sideways = Number(await page.evaluate('document.documentElement.scrollWidth'))
  if (sideways > width) troubles.push(`${name}, ${nameOf(look)}: scrolls sideways, ${sideways} in ${width} px`)
  // As tall a window as the page needs, so that the rail reaches its foot too.
  const fits = Math.min(full, HEIGHT_MAX)
  if (fits > height) await page.setViewportSize({ width, height: fits })
  await page.screenshot({ path: join(out, fileOf(name, look)) })
  if (fits > height) await page.setViewportSize({ width, height })
}

async function takeReadme(demo: Demo): Promise<void> {
  const folder = join(import.meta.dirname, '../docs/images')
  mkdirSync(folder, { recursive: true })
  for (const { view: name, look } of README) {
    const visitor = await visit(browser, demo.product, look, demo.people.mei)
    const view = VIEWS.find((one) => one.name === name)
    if (!view) throw new Error(`There is no view ${name}.`)
    await openView(visitor.page, view, demo, sayIn(look.language))
    await visitor.page.waitForTimeout(CALM_MS)
    const devtools = await visitor.context.newCDPSession(visitor.page)
    const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: 90 })
    const path = join(folder, `${name}-${look.theme}.webp`)
    writeFileSync(path, Buffer.from(data, 'base64'))
    console.log(`${path}: ${Math.round((data.length * 3) / 4 / 1_000)} kB`)
    await visitor.close()
  }
  rmSync(out, { recursive: true, force: true })
}

async function visit(browser: Browser, product: Product, look: Look, person: Person | null) {
  const visitor = await newVisitor(browser, product, look)
  visitor.expected = /./ // what is refused shows in the pictures
  if (person) await signInto(visitor.context, person)
  await visitor.go('/sign-in')
  return visitor
}

async function signInto(context: BrowserContext, { cookies }: Person): Promise<void> {
  await context.addCookies(cookies)
}

function sheet(): string {
  const names = [...(given.only ? [] : ['setup', 'setup-ready']), ...views.map(({ name }) => name)]
  const rows = names.map((name) => {
    const cells = looks.map((look) => {
      const file = fileOf(name, look)
      return `<a href="${file}"><img src="${file}" width="${look.width === 390 ? 120 : 320}" loading="lazy" alt="${name}, ${nameOf(look)}"></a>`
    })
    return `<h2 id="${name}">${name}</h2><div>${cells.join('')}</div>`
  })
  return `<!doctype html><meta charset="utf-8"><title>The console, page by page</title>
<style>body{font:14px system-ui;margin:24px;background:#888}h2{margin:24px 0 8px}div{display:flex;gap:8px;align-items:flex-start;overflow-x:auto}img{display:block;max-height:420px;object-fit:cover;object-position:top}</style>
${rows.join('\n')}
`
}
