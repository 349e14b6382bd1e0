/**
 * How much script a browser fetches before the overview can be used, gzipped as the product's port sends it, and what
 * comes later with the other pages. Measured on the real build: every script that the browser asks for counts.
 */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { CONSOLE_FOLDER } from '../../src/control/console-routes.ts'
import { consoleUrl, NO_BROWSER, newVisitor, openBrowser } from '../../test/console/browser.ts'
import { signIn } from '../../test/console/person.ts'
import { sayIn } from '../../test/console/words.ts'
import { ADA, type Product, startProduct } from '../../test/product.ts'
// @ts-expect-error plain JavaScript, which runs on whatever Node the machine has
import { buildConsole } from '../../tools/build-console.mjs'

const BAR_BYTES = 200_000
const LATER_SHOWN = 5

export async function run(): Promise<void> {
  if (NO_BROWSER !== false) return console.log(NO_BROWSER)
  if (!buildConsole()) throw new Error('The console does not build.')
  const product = await startProduct({ starter: false })
  try {
    const first = await scriptsOfOverview(product)
    const sizes = new Map<string, number>()
    for (const file of readdirSync(join(CONSOLE_FOLDER, 'assets')).filter((name) => name.endsWith('.js')))
      sizes.set(file, await gzipBytes(`${consoleUrl(product)}/assets/${file}`))
    const theme = await gzipBytes(`${consoleUrl(product)}/theme.js`)
    print(first, sizes, theme)
  } finally {
    await product.stop()
  }
}

function print(first: ReadonlySet<string>, sizes: ReadonlyMap<string, number>, theme: number): void {
  const sum = [...first].reduce((bytes, file) => bytes + (sizes.get(file) ?? 0), theme)
  const later = [...sizes].filter(([file]) => !first.has(file)).sort((a, b) => b[1] - a[1])
  const all = [...sizes.values()].reduce((bytes, one) => bytes + one, theme)
  const kB = (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`
  const verdict = sum > BAR_BYTES ? 'TOO MUCH' : 'ok'
  console.log(
    `first page, overview: ${kB(sum)} of script in ${first.size + 1} files, at most ${kB(BAR_BYTES)}: ${verdict}`,
  )
  console.log(`later, in ${later.length} files: ${kB(all - sum)}; the largest:`)
  for (const [file, bytes] of later.slice(0, LATER_SHOWN)) console.log(`  ${kB(bytes).padStart(9)}  ${file}`)
}

/** Names of the files that a fresh browser asks for until the overview stands and nothing more is under way. */
async function scriptsOfOverview(product: Product): Promise<Set<string>> {
  const browser = await openBrowser()
  try {
    const visitor = await newVisitor(browser, product, { language: 'en', theme: 'light', width: 1440 })
    await visitor.context.addCookies((await signIn(product, ADA)).cookies)
    const files = new Set<string>()
    visitor.page.on('request', (request) => {
      const file = /\/assets\/([^/]+\.js)$/.exec(request.url())?.[1]
      if (file) files.add(file)
    })
    await visitor.go('/')
    await visitor.page.getByRole('heading', { name: sayIn('en')('overview', 'title'), level: 1 }).waitFor()
    await visitor.page.waitForTimeout(1_000)
    return files
  } finally {
    await browser.close()
  }
}

/** Bytes of an answer's body as they cross the wire to a client that takes gzip. */
async function gzipBytes(url: string): Promise<number> {
  const [answer] = (await once(get(url, { headers: { 'accept-encoding': 'gzip' } }), 'response')) as [IncomingMessage]
  let bytes = 0
  for await (const chunk of answer) bytes += (chunk as Buffer).length
  if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode}`)
  return bytes
}
