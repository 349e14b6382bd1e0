// drizzle-orm lists each of its 3,131 addresses in its package.json, and Node parses that list again for every file of the
// package that it reads: a third of a second of each start. One pattern says the same. Plain JavaScript, as
// `ensure-installed.mjs` is, which runs this after each installation; without it everything works, only later.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PATTERN = './*'

/** Writes `exports` of an installed package shorter: what lies where its name says becomes one pattern. Done twice, it changes nothing. */
export function shortenExports(folder) {
  const path = join(folder, 'package.json')
  if (!existsSync(path)) return
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  const usual = ([name, at]) => name !== PATTERN && JSON.stringify(at) === JSON.stringify(conditions(name))
  const all = Object.entries(manifest.exports)
  if (!all.some(usual)) return
  manifest.exports = { ...Object.fromEntries(all.filter((one) => !usual(one))), [PATTERN]: conditions(PATTERN) }
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`)
}

function conditions(name) {
  return {
    import: { types: `${name}.d.ts`, default: `${name}.js` },
    require: { types: `${name}.d.cts`, default: `${name}.cjs` },
    types: `${name}.d.ts`,
    default: `${name}.js`,
  }
}
