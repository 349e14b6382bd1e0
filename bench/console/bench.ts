/**
 * What the console waits for, section by section: `npm run bench -- console [--only usage] [--rounds 5]`.
 * `--on pglite` and `--on postgresql` leave the other database out, `--records` fills them with fewer.
 */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'

const SECTIONS: Record<string, () => Promise<{ run(options: SectionOptions): Promise<void> }>> = {
  usage: () => import('./usage.ts'),
  stream: () => import('./stream.ts'),
  script: () => import('./script.ts'),
}

export type SectionOptions = {
  rounds: number
  /** Usage records to fill a database with. */
  records: number
  /** Leaves the other one out; null = both. */
  on: 'pglite' | 'postgresql' | null
}

export async function run(given: string[]): Promise<void> {
  const { values } = parseArgs({
    args: given,
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      records: { type: 'string', default: '1000000' },
      on: { type: 'string' },
    },
  })
  const on = values.on ?? null
  if (on !== null && on !== 'pglite' && on !== 'postgresql') throw new Error(`--on is pglite or postgresql, not ${on}.`)
  const names = values.only === undefined ? Object.keys(SECTIONS) : [values.only]
  console.log(
    `${new Date().toISOString().slice(0, 10)} · ${cpus()[0]?.model.trim()} × ${availableParallelism()} · Node ${process.version} · load ${loadavg()[0]?.toFixed(2)}`,
  )
  for (const name of names) {
    const load = SECTIONS[name]
    if (!load) throw new Error(`There is no section ${name}; there are ${Object.keys(SECTIONS).join(', ')}.`)
    console.log(`\n# ${name}`)
    await (await load()).run({ rounds: Number(values.rounds), records: Number(values.records), on })
  }
}
