/**
 * Holds the street: calls go down it only, a house is entered by its door, and its tables are its own.
 *
 *   market · partners · capacity
 *   agents · evaluation · playground · batches
 *   knowledge
 *   gateway · routing · tuning
 *   deployments · upstreams
 *   engines
 *   catalog · billing · responses · files · safety
 *   identity
 *   platform
 *
 * Each finding prints the better import.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')

/** From the ground up; houses of one row may not call each other. */
const ROWS = [
  ['platform'],
  ['identity'],
  ['catalog', 'billing', 'responses', 'files', 'safety'],
  ['engines'],
  ['deployments', 'upstreams'],
  ['gateway', 'routing', 'tuning'],
  ['knowledge'],
  ['agents', 'evaluation', 'playground', 'batches'],
  ['market', 'partners', 'capacity'],
]
const rowOf = (house: string) => ROWS.findIndex((row) => row.includes(house))

/**
 * Files that a house shows beside its door `<house>/<house>.ts`: its routes, its errors, and pure modules that say what
 * goes over a wire or into a hand. Everything else of a house is its own.
 */
const SHOWN: Record<string, string[]> = {
  identity: [
    'origins.ts',
    'routes.ts',
    'errors.ts',
    'errors.zh.ts',
    'access.ts',
    'rules.ts',
    'reach.ts',
    'within.ts',
    'secret-file.ts',
    'sign-in-limit.ts',
  ],
  catalog: ['import-folder.ts', 'errors.ts', 'errors.zh.ts', 'model-family.ts', 'fit.ts', 'weights-check.ts'],
  billing: [
    'errors.zh.ts',
    'packed-content.ts',
    'request-content.ts',
    'request-content-routes.ts',
    'request-detail.ts',
    'routes.ts',
    'usage-record.ts',
  ],
  responses: ['stored-response.ts'],
  engines: ['engine-wire.ts', 'errors.ts', 'errors.zh.ts', 'machine.ts', 'prefix-folders.ts', 'supervisor-link.ts'],
  deployments: ['routes.ts', 'errors.ts', 'errors.zh.ts', 'schema.ts', 'detail-schema.ts'],
  routing: ['routes.ts', 'errors.zh.ts', 'schema.ts'],
  safety: ['routes.ts', 'errors.zh.ts', 'schema.ts', 'policy.ts', 'pattern.ts', 'pii.ts'],
  upstreams: ['routes.ts', 'errors.zh.ts', 'schema.ts'],
  playground: ['routes.ts', 'document.ts', 'errors.zh.ts'],
  files: ['routes.ts', 'errors.zh.ts', 'schema.ts', 'purposes.ts'],
  batches: [
    'routes.ts',
    'console-routes.ts',
    'errors.zh.ts',
    'schema.ts',
    'console-schema.ts',
    'send-line.ts',
    'room.ts',
  ],
  gateway: [
    'idempotency/claim-routes.ts',
    'idempotency/claims-owner.ts',
    'inner-door.ts',
    'internal-routes.ts',
    'snapshot-feed.ts',
    'snapshot.ts',
    'worker-metrics.ts',
    'errors.ts',
    'limits.ts',
    'rate-limits/limits-owner.ts',
    'dialects/anthropic/errors.ts',
  ],
}

type Import = { from: string; to: string; line: string; typesOnly: boolean }

const files = globSync(['src/**/*.ts', 'engine-host/**/*.ts'], { cwd: ROOT }).filter(
  (file) => !file.includes('/migrations/'),
)
const isTest = (file: string) =>
  /\.(test|cases)\.ts$/.test(file) || /(stand-in|scripted|scratch|test-installation|plain-client)/.test(file)
const imports: Import[] = files.flatMap((file) => importsOf(file))

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(/^\s*(?:import|export)\s+(type\s+)?[^'"]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm)].map(
    (match) => ({
      from: file,
      to: relative(ROOT, join(ROOT, dirname(file), match[2] ?? match[3] ?? '')),
      line: match[0].trim().replaceAll(/\s+/g, ' '),
      typesOnly: match[1] !== undefined,
    }),
  )
}

const houseOf = (file: string) =>
  file.startsWith('src/') && file.split('/').length > 2 ? (file.split('/')[1] ?? null) : null

test('every relative import names a file that is there', () => {
  const broken = imports.filter(({ to }) => !existsSync(join(ROOT, to)))
  assert.deepEqual(
    broken.map(({ from, line }) => `${from}: ${line}`),
    [],
  )
})

test('calls go down the street only, never up and never within a row', () => {
  const wrong = imports.filter(({ from, to }) => {
    const [caller, called] = [houseOf(from), houseOf(to)]
    if (isTest(from) || caller === null || called === null || caller === called) return false
    if (rowOf(caller) === -1 || rowOf(called) === -1) return false
    return rowOf(called) >= rowOf(caller)
  })
  assert.deepEqual(
    wrong.map(
      ({ from, to, line }) =>
        `${from}: "${line}" calls up or across to ${houseOf(to)}. Hand the value in from src/main.ts, or send news through the outbox.`,
    ),
    [],
  )
})

test('a house is entered by its door', () => {
  const wrong = imports.filter(({ from, to }) => {
    const [caller, called] = [houseOf(from), houseOf(to)]
    if (isTest(from) || called === null || called === 'platform' || caller === called || rowOf(called) === -1)
      return false
    const inside = to.split('/').slice(2).join('/')
    return inside !== `${called}.ts` && !SHOWN[called]?.includes(inside)
  })
  assert.deepEqual(
    wrong.map(
      ({ from, to, line }) =>
        `${from}: "${line}" goes past the door. Import from src/${houseOf(to)}/${houseOf(to)}.ts instead.`,
    ),
    [],
  )
})

test('no house touches the tables of another', () => {
  const wrong = imports.filter(
    ({ from, to }) => to.endsWith('/tables.ts') && houseOf(from) !== houseOf(to) && !isTest(from),
  )
  assert.deepEqual(
    wrong.map(({ from, to }) => `${from} imports ${to}: ask the door of ${houseOf(to)} for what it needs.`),
    [],
  )
})

test('no file imports itself in a circle', () => {
  const next = new Map<string, string[]>()
  for (const { from, to, typesOnly } of imports) if (!typesOnly) next.set(from, [...(next.get(from) ?? []), to])
  const circles: string[] = []
  const done = new Set<string>()
  const walk = (file: string, path: string[]) => {
    const at = path.indexOf(file)
    if (at !== -1) {
      circles.push([...path.slice(at), file].join(' → '))
      return
    }
    if (done.has(file)) return
    for (const one of next.get(file) ?? []) walk(one, [...path, file])
    done.add(file)
  }
  for (const file of next.keys()) walk(file, [])
  assert.deepEqual(circles, [])
})

test('the gateway worker reaches no database, and an engine host knows neither money nor people', () => {
  const reach = (start: string) => {
    const seen = new Set<string>()
    const visit = (file: string) => {
      if (seen.has(file)) return
      seen.add(file)
      for (const { from, to, typesOnly } of imports) if (from === file && !typesOnly) visit(to)
    }
    visit(start)
    return [...seen]
  }
  assert.deepEqual(
    reach('src/gateway/worker.ts').filter((file) => /database|tables\.ts|\/identity\//.test(file)),
    [],
  )
  assert.deepEqual(
    reach('engine-host/main.ts').filter((file) => /^src\/(identity|billing|catalog|deployments|gateway)\//.test(file)),
    [],
  )
})
