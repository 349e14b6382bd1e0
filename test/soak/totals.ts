/** What all soaks have come to: `docs/soak-totals.json`, and `docs/soak.md`, which is printed from it. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FuzzDone } from './fuzz.ts'
import type { KillsDone } from './kills.ts'

export type SoakRun = { seed: number; kills: KillsDone | null; fuzz: FuzzDone | null }

/** All runs of one commit together. */
export type Total = {
  commit: string
  /** Of the last run, UTC. */
  date: string
  seeds: number[]
  kills: { worker: number; control: number; engine: number }
  acknowledged: number
  lost: number
  doubled: number
  /** On file as something else than what a client was told, or never asked for. */
  untrue: number
  requests: number
  findings: number
  /** Largest growth after the warm-up, in per cent, of any process in any run. */
  growthPercent: number
}

const ROOT = join(import.meta.dirname, '../..')
const FILE = join(ROOT, 'docs/soak-totals.json')
const PAGE = join(ROOT, 'docs/soak.md')

/** What of the wanted numbers is not done yet at this commit. */
export function leftOf(wanted: { kills: number; requests: number }): { kills: number; requests: number } {
  const total = totals().find(({ commit }) => commit === currentCommit())
  if (total === undefined) return { ...wanted }
  const { worker, control, engine } = total.kills
  return { kills: wanted.kills - worker - control - engine, requests: wanted.requests - total.requests }
}

export function addTotals(run: SoakRun): void {
  const commit = currentCommit()
  const all = totals()
  const before = all.find((total) => total.commit === commit) ?? none(commit)
  const next = added(before, run, new Date().toISOString().slice(0, 10))
  const kept = [...all.filter((total) => total.commit !== commit), next]
  writeFileSync(FILE, `${JSON.stringify(kept, null, 2)}\n`)
  writeFileSync(PAGE, page(kept))
}

/** Pure. */
export function added(before: Total, { seed, kills, fuzz }: SoakRun, date: string): Total {
  const growth = fuzz?.footprints.map(({ mb }) => (100 * (mb[1] - mb[0])) / mb[0]) ?? []
  return {
    ...before,
    date,
    seeds: [...before.seeds, seed],
    kills: {
      worker: before.kills.worker + (kills?.kills.worker ?? 0),
      control: before.kills.control + (kills?.kills.control ?? 0),
      engine: before.kills.engine + (kills?.kills.engine ?? 0),
    },
    acknowledged: before.acknowledged + (kills?.verdict.acknowledged ?? 0),
    lost: before.lost + (kills?.verdict.lost.length ?? 0),
    doubled: before.doubled + (kills?.verdict.doubled.length ?? 0),
    untrue: before.untrue + (kills ? kills.verdict.untrue.length + kills.verdict.invented.length : 0),
    requests: before.requests + (fuzz?.requests ?? 0),
    findings: before.findings + Object.keys(fuzz?.findings ?? {}).length,
    growthPercent: Math.max(before.growthPercent, ...growth.map((percent) => Math.round(percent * 10) / 10)),
  }
}

export function none(commit: string): Total {
  const kills = { worker: 0, control: 0, engine: 0 }
  const zero = { acknowledged: 0, lost: 0, doubled: 0, untrue: 0, requests: 0, findings: 0, growthPercent: 0 }
  return { commit, date: '', seeds: [], kills, ...zero }
}

export function page(all: readonly Total[]): string {
  const rows = all
    .toReversed()
    .map((one) =>
      [
        one.date,
        `\`${one.commit}\``,
        `${one.kills.worker} · ${one.kills.control} · ${one.kills.engine}`,
        one.acknowledged,
        one.lost,
        one.doubled,
        one.untrue,
        one.requests,
        one.findings,
        `${one.growthPercent} %`,
        one.seeds.join(' '),
      ].join(' | '),
    )
  return `# Soak

\`npm run soak -- --kills 1000 --requests 1000000 --keep\` kills processes of the whole product under load, compares what its
clients were told with what is on file, and sends it requests that are broken in every way. This page is printed by it;
\`--seed\` repeats a run.

| date | commit | kills: workers · control · engines | acknowledged | lost | doubled | untrue | broken requests | findings | growth of memory | seeds |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}
`
}

function totals(): Total[] {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Total[]) : []
}

function currentCommit(): string {
  return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
}
