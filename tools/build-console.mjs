// Builds the console (web/) into web/dist when its sources or its libraries changed; else it does nothing. Plain JavaScript,
// since it runs on whatever Node the machine has; the build itself runs on the packages' own.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const web = join(root, 'web')
const stamp = join(web, 'dist', '.built')

/** @returns false where the build failed; it has said why */
export function buildConsole() {
  const wanted = fingerprint()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true
  console.log('Building the console (after a change; a few seconds) …')
  const bin = (path) => join(root, 'node_modules', path)
  const run = spawnSync(bin('.bin/node'), [bin('vite/bin/vite.js'), 'build', web, '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (run.status !== 0) return false
  writeFileSync(stamp, wanted)
  return true
}

/** Hash of every file that the build reads. */
function fingerprint() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')))
  const files = readdirSync(web, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && !file.parentPath.startsWith(join(web, 'dist')))
    .map((file) => join(file.parentPath, file.name))
    .sort()
  for (const file of files) hash.update(`${file.slice(web.length)}\0`).update(readFileSync(file))
  return hash.digest('hex')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(buildConsole() ? 0 : 1)
