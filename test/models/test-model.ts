/**
 * The tiny models by name, made once and kept in `node_modules/.cache` under a hash of the code that makes them, so
 * that changed code makes new files and unchanged code makes none. Test files run at the same time in processes of
 * their own: each writes beside the final name and renames, so that nobody ever sees half a model.
 */

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tinyBert } from './tiny-bert.ts'
import { tinyDeepSeek } from './tiny-deepseek.ts'
import { tinyLora } from './tiny-lora.ts'
import { tinyQwen3 } from './tiny-qwen3.ts'

const MAKERS = {
  /** Qwen3 with its own template: `<think>`, Hermes tool calls. */
  qwen3: tinyQwen3,
  /** DeepSeek V3: latent attention and experts; tool calls between special tokens. */
  'deepseek-v3': (path: string) => tinyDeepSeek(path),
  /** As R1: the template opens the think block. Queries are uncompressed, as in V2 Lite. */
  'deepseek-r1': (path: string) => tinyDeepSeek(path, { style: 'r1', queryRank: 0 }),
  /** Embeddings of `TINY_BERT_EMBEDDING_SIZE` numbers. */
  bert: tinyBert,
}

export type TestModelName = keyof typeof MAKERS

/** @returns path of the GGUF file */
export async function testModel(name: TestModelName): Promise<string> {
  return cached(`${name}.gguf`, MAKERS[name])
}

/**
 * A random LoRA adapter for a model file. Adapters of different seeds change the answers differently.
 * @returns path of the adapter's GGUF file
 */
export async function testAdapter(basePath: string, seed = 1): Promise<string> {
  const { size, mtimeMs } = statSync(basePath)
  const base = hash(`${resolve(basePath)} ${size} ${mtimeMs}`)
  return cached(`adapter-${base}-${seed}.gguf`, (path) => tinyLora(path, basePath, { seed }))
}

const SOURCES = fileURLToPath(new URL('.', import.meta.url))
const CACHE = join(SOURCES, '../../node_modules/.cache/tradewind-test', sourcesHash())

function cached(fileName: string, make: (path: string) => void): string {
  const path = join(CACHE, fileName)
  if (existsSync(path)) return path
  mkdirSync(CACHE, { recursive: true })
  const unfinished = `${path}.${process.pid}`
  make(unfinished)
  renameSync(unfinished, path)
  return path
}

function sourcesHash(): string {
  const files = readdirSync(SOURCES).filter((name) => !name.endsWith('.test.ts') && name !== 'starter.ts')
  return hash(...files.sort().map((name) => `${name}\0${readFileSync(join(SOURCES, name), 'utf8')}\0`))
}

function hash(...parts: string[]): string {
  return createHash('sha256').update(parts.join('')).digest('hex').slice(0, 16)
}
