/**
 * `npm run soak`: kills and broken requests, as many as are asked for.
 *
 *   npm run soak -- --kills 50 --requests 20000          what runs before each change lands
 *   npm run soak -- --kills 1000 --requests 1000000 --keep
 *                                                        adds to docs/soak-totals.json and prints docs/soak.md; what that
 *                                                        file already has of this commit is not done again
 *   --documented 1000                                    so many more, made by Schemathesis from our OpenAPI document; 0 = none
 *   --seed 7                                             the same random choices again
 *
 * Fails where anything was lost, doubled, failed, crashed or grew.
 */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runDocumented } from './documented.ts'
import { runFuzz } from './fuzz.ts'
import { runKills } from './kills.ts'
import { randomFrom } from './random.ts'
import { addTotals, leftOf, type SoakRun } from './totals.ts'

/** So many at once, then what was found is kept and all begins anew on a fresh data folder. */
const KILLS_AT_ONCE = 100
const REQUESTS_AT_ONCE = 200_000

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    requests: { type: 'string', default: '20000' },
    documented: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed ?? randomBytes(4).readUInt32LE())
const wanted = { kills: Number(values.kills), requests: Number(values.requests) }
const left = values.keep ? leftOf(wanted) : wanted
console.log(`--seed ${seed}`)

const troubles: string[] = []
for (let part = 0; left.kills > 0 || left.requests > 0; part++) {
  const run: SoakRun = { seed: seed + part, kills: null, fuzz: null }
  if (left.kills > 0) {
    const count = Math.min(KILLS_AT_ONCE, left.kills)
    run.kills = await runKills(count, randomFrom(seed + part), (done) => say(`${done} of ${count} kills`, done % 10))
    left.kills -= count
    const { kills, verdict } = run.kills
    console.log(`kills: ${JSON.stringify(kills)}`)
    console.log(
      JSON.stringify({ ...verdict, lost: undefined, doubled: undefined, untrue: undefined, invented: undefined }),
    )
    for (const what of ['lost', 'doubled', 'untrue', 'invented'] as const)
      if (verdict[what].length > 0)
        troubles.push(`${verdict[what].length} ${what}: ${verdict[what].slice(0, 5).join(' ')}`)
  }
  const failures = run.kills?.verdict.refused['500'] ?? 0
  if (failures > 0) troubles.push(`${failures} answers with status 500 while processes were killed`)
  if (left.requests > 0) {
    const count = Math.min(REQUESTS_AT_ONCE, left.requests)
    run.fuzz = await runFuzz(count, randomFrom(seed + part), (done) =>
      say(`${done} requests, those of the warm-up included`),
    )
    left.requests -= run.fuzz.requests
    console.log(`answers: ${JSON.stringify(run.fuzz.byStatus)}`)
    for (const { what, mb, openFiles } of run.fuzz.footprints)
      console.log(`${what}: ${mb.join(' → ')} MB, ${openFiles.join(' → ')} open files`)
    troubles.push(
      ...Object.entries(run.fuzz.findings).map(([what, { times, example }]) => `${times} × ${what} ${example}`),
    )
  }
  if (values.keep) addTotals(run)
  if (troubles.length > 0) break
}

if (troubles.length === 0 && Number(values.documented) > 0) {
  const fuzzed = await runDocumented(Number(values.documented), seed)
  if ('missing' in fuzzed) console.log(`No requests from the document: ${fuzzed.missing}`)
  else {
    console.log(`answers to ${fuzzed.requests} requests from the document: ${JSON.stringify(fuzzed.byStatus)}`)
    troubles.push(
      ...Object.entries(fuzzed.findings).map(([what, { times, example }]) => `${times} × ${what} ${example}`),
    )
  }
}

for (const trouble of troubles) console.error(`NOT RIGHT  ${trouble}`)
console.log(troubles.length === 0 ? 'nothing lost, nothing doubled, nothing failed' : `again: --seed ${seed}`)
process.exitCode = troubles.length === 0 ? 0 : 1

function say(text: string, unless = 0): void {
  if (unless === 0) console.log(`${new Date().toISOString().slice(11, 19)} ${text}`)
}
