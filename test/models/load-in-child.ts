/**
 * Asks the engine library about model files without risking the caller: files are tried in a child process, and when
 * one of them ends it, that file's answer is the way it ended and the next child goes on with the rest.
 */

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export type LoadTask = {
  path: string
  /** Texts to embed; without it, the model generates. */
  embed?: readonly string[]
  /** Generated from, greedily. Default `Hello`. */
  prompt?: string
  /** Adapter to generate with. */
  lora?: string
  /** Values to render the model's own chat template with. */
  render?: readonly Record<string, unknown>[]
  /** Texts to tokenize, special tokens included. */
  tokenize?: readonly string[]
}

export type LoadAnswer =
  | { outcome: 'loaded'; tokens?: number[]; embeddings?: number[][]; rendered?: string[]; tokenized?: number[][] }
  | { outcome: 'error'; message: string }

/**
 * `crash`: a signal ended the process while it loaded, or while it used what it had loaded; `lastWords` is the end of
 * its stderr, such as a failed assertion. `hang`: it was killed for being late.
 */
export type LoadResult =
  | LoadAnswer
  | { outcome: 'crash'; stage: 'load' | 'use'; signal: NodeJS.Signals; lastWords: string }
  | { outcome: 'hang'; stage: 'load' | 'use' }

/**
 * One result for each task, in order.
 * @throws Error the child failed by itself, so that nothing is known about the file: the library is missing, say
 */
export async function loadInChild(tasks: readonly LoadTask[]): Promise<LoadResult[]> {
  const results: LoadResult[] = []
  while (results.length < tasks.length) results.push(...(await runChild(tasks.slice(results.length))))
  return results
}

const SCRIPT = fileURLToPath(new URL('native-load.ts', import.meta.url))

/** A file that takes this long is taken for one that never ends; the slowest honest one needs about a second. */
const HANG_AFTER_MS = 60_000

/** Answers until the child ends. At least one: a death before the first answer belongs to the first task. */
function runChild(tasks: readonly LoadTask[]): Promise<LoadResult[]> {
  return new Promise((resolve, reject) => {
    // Without this, a failed assertion looks for a debugger to print its stack with before it aborts.
    const env = { ...process.env, GGML_NO_BACKTRACE: '1' }
    const child = spawn(process.execPath, [SCRIPT], { stdio: ['pipe', 'pipe', 'pipe'], env })
    const results: LoadResult[] = []
    let stage: 'load' | 'use' = 'load'
    let late = false
    let rest = ''
    let lastWords = ''
    const kill = () => {
      late = true
      child.kill('SIGKILL')
    }
    let timer = setTimeout(kill, HANG_AFTER_MS)

    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const said = JSON.parse(line) as { stage?: 'load' | 'use'; answer?: LoadAnswer }
        if (said.stage) stage = said.stage
        if (!said.answer) continue
        results.push(said.answer)
        stage = 'load'
        clearTimeout(timer)
        timer = setTimeout(kill, HANG_AFTER_MS)
      }
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      lastWords = (lastWords + chunk).slice(-2000)
    })
    child.on('error', reject)
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer)
      if (results.length < tasks.length) {
        if (late) results.push({ outcome: 'hang', stage })
        else if (signal) results.push({ outcome: 'crash', stage, signal, lastWords })
        else return reject(new Error(`the loading process ended with ${exitCode}: ${lastWords}`))
      }
      resolve(results)
    })
    // A child that dies early closes its end; how it died is told by `close`.
    child.stdin.on('error', () => {})
    child.stdin.end(JSON.stringify(tasks))
  })
}
