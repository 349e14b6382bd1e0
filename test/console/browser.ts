/**
 * A real browser on the console: the system's Chromium, one context for each person, and everything that goes wrong in a
 * page noted, so that a test can say that nothing did.
 */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Product } from '../product.ts'

const PLACES = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Path of the browser; null = there is none. */
export const CHROMIUM = PLACES.find((path) => path !== '' && existsSync(path)) ?? null

/** For `describe`: why the tests of the console do not run; false = they do. */
export const NO_BROWSER =
  CHROMIUM === null &&
  'No Chromium is installed here, so the console is not tried in a browser. Install one (apt-get install chromium), or name it: CHROMIUM=/path/to/chromium.'

/** For what repeats the tests of one look in another: why it does not run; false = it does. `.ci/run` wants them all. */
export const ONE_LOOK =
  NO_BROWSER || (process.env.EVERY_LOOK === '1' ? false : 'One look is tried here; with EVERY_LOOK=1 the others too.')

export type Language = 'en' | 'zh'
export type Theme = 'light' | 'dark'
export type Look = { language: Language; theme: Theme; width: 1440 | 390 }

const HEIGHTS = { 1440: 900, 390: 844 } as const

export function openBrowser(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error(String(NO_BROWSER))
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--font-render-hinting=none'],
  })
}

/** One person's browser. */
export type Visitor = {
  context: BrowserContext
  page: Page
  /** What went wrong in any page so far: errors, refusals of the content policy, failed calls. */
  troubles: string[]
  /** Calls that may fail on the page of the moment: what `METHOD /path 403` matches. */
  expected: RegExp | null
  /** Opens an address of the console and waits until it stands still. */
  go(path: string): Promise<void>
  close(): Promise<void>
}

export async function newVisitor(
  browser: Browser,
  product: Pick<Product, 'url'>,
  { language, theme, width }: Look,
): Promise<Visitor> {
  const phone = width < 600
  const context = await browser.newContext({
    baseURL: consoleUrl(product),
    viewport: { width, height: HEIGHTS[width] },
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    colorScheme: theme,
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...(phone ? { isMobile: true, hasTouch: true } : {}),
  })
  const page = await context.newPage()
  const troubles: string[] = []
  context.on('weberror', (error) => troubles.push(`error: ${error.error().message}`))
  context.on('console', (message) => {
    // A failed call is noted below, with its address.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return
    troubles.push(`console: ${message.text()}`)
  })
  context.on('response', (response) => {
    if (response.status() < 400) return
    const call = `${response.request().method()} ${new URL(response.url()).pathname} ${response.status()}`
    if (!NOBODY_YET.test(call) && !visitor.expected?.test(call)) troubles.push(call)
  })
  const visitor: Visitor = {
    context,
    page,
    troubles,
    expected: null,
    async go(path) {
      await page.goto(path)
      await settled(page)
    },
    close: () => context.close(),
  }
  return visitor
}

/** How the console finds out that nobody is signed in. */
const NOBODY_YET = /^GET \/api\/me 401$/

/** `localhost`, since browsers know no passkeys on a bare number. */
export function consoleUrl({ url }: Pick<Product, 'url'>): string {
  return url.replace('127.0.0.1', 'localhost')
}

/** Nothing is loading any more: no bones, no busy button, fonts here. Live numbers may still change. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const { document } = globalThis as unknown as { document: Drawn }
    return (
      document.querySelector('#root > *') !== null &&
      document.querySelector('.bones:not(.sheet *)') === null &&
      document.querySelector('main, [role="dialog"]') !== null &&
      document.fonts.status === 'loaded'
    )
  })
}

/** What is needed of a page's document; this program knows no other. */
type Drawn = { querySelector(selector: string): object | null; fonts: { status: string } }
