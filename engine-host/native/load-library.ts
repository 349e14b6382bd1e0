/**
 * Finds and starts the engine library: the GPU build of the data folder first where the spec names one, else the CPU build
 * that comes with the product. Nothing is ever compiled or downloaded here.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Llama } from 'node-llama-cpp'
import { EngineError } from '../token-engine.ts'

type Library = typeof import('node-llama-cpp')

/** The one release whose private members `nlc-raw.ts` knows; package.json pins the same. */
export const LIBRARY_VERSION = '3.22.1'

export type LoadedLibrary = {
  library: Library
  llama: Llama
  /** Library and llama.cpp release: part of the key of every spilled prefix. */
  release: string
}

export type LibraryChoice = {
  gpu: 'off' | 'auto'
  gpuLibraryFolder?: string
  threads: number
  /** Warnings and errors of the native code. */
  log: (message: string) => void
}

/** @throws EngineError `engine.library_missing` */
export async function loadLibrary(choice: LibraryChoice): Promise<LoadedLibrary> {
  if (choice.gpu === 'auto' && choice.gpuLibraryFolder !== undefined) {
    try {
      const library = await importFrom(choice.gpuLibraryFolder)
      return await start(library, 'auto', choice)
    } catch (error) {
      // A broken GPU build must not take the machine's CPU away.
      choice.log(`The GPU build in ${choice.gpuLibraryFolder} cannot be used, the CPU build serves: ${sentence(error)}`)
    }
  }
  try {
    return await start(await import('node-llama-cpp'), choice.gpu === 'auto' ? 'auto' : false, choice)
  } catch (error) {
    throw new EngineError(
      'engine.library_missing',
      `The engine library has no build for ${process.platform}-${process.arch} here: ${sentence(error)}. Run npm install on this machine.`,
      { cause: error },
    )
  }
}

async function importFrom(folder: string): Promise<Library> {
  const root = join(folder, 'node_modules', 'node-llama-cpp')
  if (!existsSync(join(root, 'package.json'))) throw new Error(`there is no engine library in ${root}`)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version?: string }
  if (version !== LIBRARY_VERSION) throw new Error(`it holds version ${version}, this product needs ${LIBRARY_VERSION}`)
  return (await import(pathToFileURL(join(root, 'dist', 'index.js')).href)) as Library
}

async function start(library: Library, gpu: 'auto' | false, { threads, log }: LibraryChoice): Promise<LoadedLibrary> {
  const llama = await library.getLlama({
    gpu,
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads,
    logLevel: library.LlamaLogLevel.warn,
    logger: (level, message) => log(`${level}: ${message.trim()}`),
  })
  return { library, llama, release: `${LIBRARY_VERSION}/${llama.llamaCppRelease.release}` }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
