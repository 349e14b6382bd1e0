/** Pages that a browser keeps for Back hold no connection: it has six for one address, and the seventh would never come. */
import { after, before, describe, it } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { CHROMIUM, consoleUrl, NO_BROWSER } from './console/browser.ts'
import { sayIn } from './console/words.ts'
import { ADA, type Product, startProduct } from './product.ts'

/** More than a browser has connections for one address. */
const LOADS = 9

describe('a browser that keeps pages for Back', { skip: NO_BROWSER }, () => {
  let product: Product
  let browser: Browser

  before(async () => {
    product = await startProduct({ starter: false })
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? '',
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
      // The library switches off what people have switched on.
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    })
  })
  after(async () => {
    await browser?.close()
    await product?.stop()
  })

  it('opens one page of the console after another, and goes back', async () => {
    const say = sayIn('en')
    const context = await browser.newContext({ baseURL: consoleUrl(product), locale: 'en-GB' })
    const page = await context.newPage()
    await page.goto('/sign-in')
    await page.getByLabel(say('alone', 'email'), { exact: true }).fill(ADA.email)
    await page.getByLabel(say('alone', 'password'), { exact: true }).fill(ADA.password)
    await page.getByRole('button', { name: say('alone', 'sign-in'), exact: true }).click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    const paths = ['/keys', '/usage', '/people', '/machine', '/requests', '/account']
    for (let load = 0; load < LOADS; load++) {
      await page.goto(paths[load % paths.length] ?? '/')
      await page.getByRole('heading', { level: 1 }).waitFor()
    }
    await page.goBack({ waitUntil: 'commit' }) // a page that was kept does not load
    await page.getByRole('heading', { level: 1 }).waitFor()
    await context.close()
  })
})
