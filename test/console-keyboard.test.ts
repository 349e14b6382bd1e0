/** The main journey without a pointer: Tab, arrows, Enter, Space, Esc and Ctrl K are all that is pressed. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { NO_BROWSER, newVisitor, openBrowser, settled, type Visitor } from './console/browser.ts'
import { sayIn } from './console/words.ts'
import { testModel } from './models/test-model.ts'
import { ADA, type Product, startProduct } from './product.ts'

const MODEL = 'tiny'
/** More presses of Tab than any page of the journey has things to reach. */
const TABS_MAX = 120

describe('the console without a pointer', { skip: NO_BROWSER }, () => {
  const say = sayIn('en')
  let product: Product
  let browser: Browser
  let visitor: Visitor
  let page: Page

  before(async () => {
    product = await startProduct({ starter: false })
    await product.importModel(MODEL, await testModel('qwen3'))
    browser = await openBrowser()
    visitor = await newVisitor(browser, product, { language: 'en', theme: 'light', width: 1440 })
    page = visitor.page
  })
  after(async () => {
    await browser?.close()
    await product?.stop()
  })

  const press = (key: string) => page.keyboard.press(key)
  const type = (text: string) => page.keyboard.type(text)

  /** Tab by Tab, and each of them shows where it is. */
  async function tabTo(target: Locator): Promise<void> {
    await target.waitFor()
    for (let count = 0; count < TABS_MAX; count++) {
      if (await target.evaluate(isFocused)) return
      await press('Tab')
      const lost = await page.evaluate(focusIsUnseen)
      assert.equal(lost, null, 'what has the focus does not show it')
    }
    assert.fail(`Tab does not reach ${target}`)
  }

  it('signs in', async () => {
    await visitor.go('/keys')
    await page.getByRole('heading', { name: say('alone', 'sign-in') }).waitFor()
    await tabTo(page.getByLabel(say('alone', 'email'), { exact: true }))
    await type(ADA.email)
    await tabTo(page.getByLabel(say('alone', 'password'), { exact: true }))
    await type(ADA.password)
    await press('Enter')
    await page.getByRole('heading', { name: say('keys', 'title'), level: 1 }).waitFor()
  })

  it('jumps over the rail to the page', async () => {
    await page.reload()
    await settled(page)
    await press('Tab')
    assert.equal(await page.getByText(say('frame', 'skip')).evaluate(isFocused), true)
    await press('Enter')
    await tabTo(page.getByRole('button', { name: say('keys', 'create'), exact: true }))
  })

  it('makes a key: the dialog takes the focus, keeps it, and gives it back', async () => {
    await press('Enter')
    const dialog = page.locator('.dialog')
    await dialog.waitFor()
    await product.until('the dialog has the focus', async () => (await page.evaluate(focusOutside, '.dialog')) === null)
    for (let count = 0; count < 25; count++) {
      await press('Tab')
      // A guard at each end of the dialog hands the focus on with the next frame; nobody presses faster.
      await page.waitForFunction(isOnNoGuard)
      assert.equal(await page.evaluate(focusOutside, '.dialog'), null, 'the focus has left the dialog')
    }
    await press('Escape')
    await dialog.waitFor({ state: 'detached' })
    const create = page.getByRole('button', { name: say('keys', 'create'), exact: true })
    await page.waitForFunction(isFocusedText, say('keys', 'create'))
    assert.equal(await create.evaluate(isFocused), true)
    await press('Enter')
    await tabTo(dialog.getByLabel(say('keys', 'name'), { exact: true }))
    await type('by-keyboard')
    // A list of choices opens, moves and closes by keys.
    await tabTo(dialog.getByRole('combobox', { name: say('keys', 'expires') }))
    await press('Enter')
    await page.getByRole('option', { name: say('keys', 'expires-never') }).waitFor()
    await press('ArrowDown')
    await press('Enter')
    await tabTo(dialog.getByRole('button', { name: say('keys', 'create'), exact: true }))
    await press('Enter')
    await dialog.locator('[data-secret]').waitFor()
    await tabTo(dialog.getByRole('button', { name: say('keys', 'done'), exact: true }))
    await press('Enter')
    await dialog.waitFor({ state: 'detached' })
  })

  it('walks through the list of keys with arrows, opens one and closes it', async () => {
    await visitor.go('/keys')
    const rows = page.getByRole('table').locator('tbody tr')
    await tabTo(rows.first())
    await press('ArrowDown')
    assert.equal(await rows.nth(1).evaluate(isFocused), true)
    await press('Home')
    assert.equal(await rows.first().evaluate(isFocused), true)
    await press('Enter')
    await page.waitForURL(/\/keys\/key_/)
    await tabTo(page.locator('.panel').getByRole('button', { name: say('words', 'close'), exact: true }))
    await press('Escape')
    await page.waitForURL(/\/keys(\?|$)/)
  })

  it('goes anywhere and runs anything by Ctrl K', async () => {
    const ask = page.getByRole('combobox', { name: say('frame', 'palette.ask') })
    const open = async () => {
      await press('Control+k')
      await ask.and(page.locator(':focus')).waitFor()
    }
    await open()
    await type('usage')
    await press('Enter')
    await page.getByRole('heading', { name: say('usage', 'title'), level: 1 }).waitFor()
    await open()
    await press('ArrowDown')
    await press('ArrowUp')
    await press('Escape')
    await ask.waitFor({ state: 'detached' })
    await open()
    await type(MODEL)
    await page.getByRole('option', { name: MODEL, exact: true, selected: true }).waitFor()
    await press('Enter')
    await page.waitForURL(new RegExp(`/models/${MODEL}`))
  })

  it('asks a model and stops it', async () => {
    await visitor.go(`/playground?models=${MODEL}`)
    await tabTo(page.getByRole('textbox', { name: say('playground', 'message'), exact: true }))
    await type('Go on and on.')
    await press('Control+Enter')
    const stop = page.locator('.flow').getByRole('button', { name: say('playground', 'stop'), exact: true })
    await tabTo(stop)
    await press('Enter')
    await page.getByText(say('playground', 'ended-stopped')).waitFor()
  })

  it('invites somebody, choosing a role with arrows', async () => {
    await visitor.go('/people')
    await tabTo(page.getByRole('button', { name: say('people', 'invite'), exact: true }))
    await press('Enter')
    const dialog = page.locator('.dialog')
    await tabTo(dialog.getByLabel(say('people', 'email'), { exact: true }))
    await type('by-keyboard@example.com')
    await tabTo(dialog.getByRole('radio', { checked: true }))
    await press('ArrowDown')
    assert.equal(await dialog.getByRole('radio', { name: say('people', 'role-viewer') }).isChecked(), true)
    await tabTo(dialog.getByRole('button', { name: say('people', 'invite-act'), exact: true }))
    await press('Enter')
    await dialog.locator('[data-secret]').waitFor()
  })

  it('went without an error', () => assert.deepEqual(visitor.troubles, []))
})

// ── within the page ─────────────────────────────────────

type Focused = {
  matches(selector: string): boolean
  closest(selector: string): object | null
  getBoundingClientRect(): { width: number; height: number; bottom: number; right: number }
  textContent: string
  outerHTML: string
}
type InPage = {
  document: { activeElement: Focused; body: Focused }
  getComputedStyle(element: object): Record<string, string>
}

function isFocused(element: object): boolean {
  return (globalThis as unknown as InPage).document.activeElement === element
}

function isFocusedText(text: string): boolean {
  return (globalThis as unknown as InPage).document.activeElement.textContent.trim() === text
}

function isOnNoGuard(): boolean {
  return !(globalThis as unknown as InPage).document.activeElement.matches('[data-base-ui-focus-guard]')
}

/** What has the focus, where that is not within. */
function focusOutside(selector: string): string | null {
  const { activeElement } = (globalThis as unknown as InPage).document
  return activeElement.closest(selector) !== null ? null : activeElement.outerHTML.slice(0, 300)
}

/** Null where the focus shows: as an outline, a shadow or a border of its own, or on what stands for a hidden input. */
function focusIsUnseen(): string | null {
  const { document, getComputedStyle } = globalThis as unknown as InPage
  const { activeElement: element, body } = document
  if (element === body || element.matches('[data-base-ui-focus-guard]')) return null
  const around = [element, ...['.input', 'label', '.sorts', 'tr', '.tick'].map((one) => element.closest(one))]
  const seen = around.some((one) => {
    if (one === null) return false
    for (const style of [getComputedStyle(one), ...childStyles(one)])
      if ((style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none') return true
    return false
  })
  return seen ? null : element.outerHTML.slice(0, 300)

  function childStyles(one: object): Record<string, string>[] {
    const children = [...((one as { children: Iterable<object> }).children ?? [])]
    return children.map((child) => getComputedStyle(child))
  }
}
