/**
 * `npm run gpu`: puts the engine library with its CUDA or Vulkan build into a folder of its own under the data folder,
 * where engine hosts look first. Not into this project: the default install leaves 670 MB of GPU variants out, and adding
 * one of them to the same root is refused by npm (EOVERRIDE).
 *
 *   npm run gpu            CUDA where nvidia-smi answers, else Vulkan
 *   npm run gpu -- cuda | vulkan | remove
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../src/platform/config.ts'
import { dataFolderAt } from '../src/platform/data-folder.ts'

const ROOT = join(import.meta.dirname, '..')
const folder = dataFolderAt(readConfig(process.env).dataFolder).gpuLibrary
const wanted = process.argv[2] ?? (answers('nvidia-smi') ? 'cuda' : 'vulkan')

if (wanted === 'remove') {
  rmSync(folder, { recursive: true, force: true })
  say(`Removed ${folder}. Engines use the CPU from their next start.`)
} else if (wanted === 'cuda' || wanted === 'vulkan') {
  install(wanted)
} else {
  fail('Use it as: npm run gpu -- cuda | vulkan | remove')
}

function install(backend: 'cuda' | 'vulkan'): void {
  if (process.platform === 'darwin') {
    say('On a Mac the default install uses the GPU through Metal already; nothing to do.')
  } else if (process.platform !== 'linux' || process.arch !== 'x64') {
    fail(`The library has GPU builds for Linux on x64 only; this is ${process.platform} on ${process.arch}.`)
  } else if (installInto(folder, backend)) {
    say(
      'Done. Models use the GPU from their next load: npm run tradewind -- models unload <id>, then models load <id>.',
    )
  } else {
    rmSync(folder, { recursive: true, force: true })
    fail('The installation failed; engines stay on the CPU. Check that this machine reaches its npm registry.')
  }
}

function installInto(where: string, backend: 'cuda' | 'vulkan'): boolean {
  const version = libraryVersion()
  const variants = backend === 'cuda' ? ['linux-x64-cuda', 'linux-x64-cuda-ext'] : ['linux-x64-vulkan']
  const packages = ['linux-x64', ...variants].map((variant) => `@node-llama-cpp/${variant}@${version}`)
  rmSync(where, { recursive: true, force: true })
  mkdirSync(where, { recursive: true, mode: 0o700 })
  writeFileSync(join(where, 'package.json'), JSON.stringify({ name: 'tradewind-gpu-library', private: true }))
  say(`Installing node-llama-cpp ${version} with ${backend === 'cuda' ? 'CUDA' : 'Vulkan'} into ${where} …`)
  const flags = ['--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', ['install', ...flags, `node-llama-cpp@${version}`, ...packages], {
    cwd: where,
    stdio: 'inherit',
  })
  return status === 0
}

function libraryVersion(): string {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const version = dependencies['node-llama-cpp']
  if (!version) throw new Error('package.json does not name node-llama-cpp')
  return version
}

function answers(command: string): boolean {
  return spawnSync(command, [], { stdio: 'ignore' }).status === 0
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function fail(text: string): void {
  process.stderr.write(`${text}\n`)
  process.exitCode = 1
}
