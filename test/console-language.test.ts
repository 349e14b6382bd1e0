/** The server refuses in the language that is chosen in the console, whatever the browser’s own is. */
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { NO_BROWSER, newVisitor, openBrowser, type Visitor } from './console/browser.ts'
import { sayIn } from './console/words.ts'
import { type Product, startProduct } from './product.ts'

describe('the language of what the server refuses', { skip: NO_BROWSER }, () => {
  let product: Product
  let browser: Browser
  let visitor: Visitor

  before(async () => {
    product = await startProduct({ owner: null, starter: false })
    browser = await openBrowser()
    visitor = await newVisitor(browser, product, { language: 'en', theme: 'light', width: 1440 })
  })
  after(async () => {
    await browser?.close()
    await product?.stop()
  })

  it('is the one chosen in the console', async () => {
    const { page } = visitor
    const link = new URL(await product.setUpLink())
    const refusedIn = async (language: 'en' | 'zh', sentence: string) => {
      const say = sayIn(language)
      await visitor.go(link.pathname + link.search)
      await page.getByLabel(say('alone', 'name'), { exact: true }).fill('Mei Lin')
      await page.getByLabel(say('alone', 'email'), { exact: true }).fill('mei@kestrel.example')
      await page.getByLabel(say('alone', 'password'), { exact: true }).fill('aaaaaaaaaaaaaaaa')
      await page.getByLabel(say('alone', 'organization'), { exact: true }).fill('Kestrel Labs')
      await page.getByRole('button', { name: say('alone', 'setup-act') }).click()
      await page.getByText(sentence, { exact: true }).waitFor()
    }
    await refusedIn('en', 'Choose something with more than three different characters.')
    await page.evaluate(`localStorage.setItem('tradewind.language', 'zh')`)
    await refusedIn('zh', '请使用三个以上不同的字符。')
  })
})
