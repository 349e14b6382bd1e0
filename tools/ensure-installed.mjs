// Runs before `npm start` and `npm test`, on whatever Node the machine has (20 or newer), so it is plain JavaScript.
// It installs what package-lock.json names, when that has changed; among it is the Node that everything else runs on. Then
// it builds the console, when that has changed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildConsole } from './build-console.mjs'
import { shortenExports } from './shorten-exports.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, 'node_modules', '.tradewind-installed')
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(`${process.platform} ${process.arch}`)
  .digest('hex')

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Tradewind needs Node 20 or newer to install itself; this is ${process.version}.`)
  process.exit(1)
}

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.log('Installing (once; about half a minute) …')
  const npm = process.env.npm_execpath
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []]
  // `npm ci` refuses a lock that lacks other platforms' optional packages; `npm install` takes it as it is.
  const run = spawnSync(command, [...first, 'install', '--no-audit', '--no-fund', '--no-save', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (run.status !== 0) {
    console.error(
      '\nThe installation failed. Check that this machine reaches its npm registry, then run the command again.',
    )
    process.exit(run.status ?? 1)
  }
  shortenExports(join(root, 'node_modules', 'drizzle-orm'))
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
}

const node = spawnSync(join(root, 'node_modules', '.bin', 'node'), ['--version'], { encoding: 'utf8' })
if (node.status !== 0 || Number(node.stdout.slice(1).split('.')[0]) < 24) {
  console.error(
    'The Node runtime that Tradewind brings did not install. Allow its install script (npm config: ignore-scripts=false), ' +
      'or use Node 24 or newer, then run `npm install` again.',
  )
  process.exit(1)
}

if (!buildConsole()) {
  console.error('\nThe console was not built; what is wrong stands above.')
  process.exit(1)
}
