/**
 * A process of its own that lets the engine library load one model file after another and try each one out. It is a
 * process because a file may end it: `load-in-child.ts` starts it, counts the answers and reads the exit.
 *
 * Stdin: one JSON array of `LoadTask`. Stdout: `BEGIN` and the stage before each step, one JSON line per answer.
 */

import { readFileSync } from 'node:fs'
import { getLlama, LlamaLogLevel, type LlamaModel } from 'node-llama-cpp'
import type { LoadAnswer, LoadTask } from './load-in-child.ts'

const TOKENS = 16

const tasks = JSON.parse(readFileSync(0, 'utf8')) as LoadTask[]
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: LlamaLogLevel.disabled })
for (const task of tasks) say({ answer: await tryOut(task) })
await llama.dispose()

async function tryOut(task: LoadTask): Promise<LoadAnswer> {
  let model: LlamaModel | undefined
  try {
    say({ stage: 'load' })
    model = await llama.loadModel({ modelPath: task.path })
    say({ stage: 'use' })
    if (task.embed) return { outcome: 'loaded', embeddings: await embed(model, task.embed) }
    const renderer = task.render && chatRenderer(model)
    return {
      outcome: 'loaded',
      tokens: await generate(model, task),
      ...(renderer && { rendered: task.render!.map((values) => renderer.render(values)) }),
      ...(task.tokenize && { tokenized: task.tokenize.map((text) => [...model!.tokenize(text, true)]) }),
    }
  } catch (error) {
    return { outcome: 'error', message: error instanceof Error ? error.message : String(error) }
  } finally {
    await model?.dispose()
  }
}

async function generate(model: LlamaModel, { prompt = 'Hello', lora }: LoadTask): Promise<number[]> {
  const context = await model.createContext({ contextSize: 256, batchSize: 64, ...(lora && { lora }) })
  const tokens: number[] = []
  for await (const token of context.getSequence().evaluate(model.tokenize(prompt, true), { temperature: 0 })) {
    tokens.push(token)
    if (tokens.length === TOKENS) break
  }
  await context.dispose()
  return tokens
}

async function embed(model: LlamaModel, inputs: readonly string[]): Promise<number[][]> {
  const context = await model.createEmbeddingContext({ contextSize: 256 })
  const embeddings: number[][] = []
  for (const input of inputs) embeddings.push([...(await context.getEmbeddingFor(input)).vector])
  await context.dispose()
  return embeddings
}

type Renderer = { render(values: Record<string, unknown>): string }

/** The model's own template in llama.cpp's own Jinja, which the library's public API does not offer. */
function chatRenderer(model: LlamaModel): Renderer {
  const { AddonJinjaRenderer } = (
    llama as unknown as { _bindings: { AddonJinjaRenderer: new (template: string) => Renderer } }
  )._bindings
  return new AddonJinjaRenderer(model.fileInfo.metadata.tokenizer.chat_template ?? '')
}

function say(line: { stage: 'load' | 'use' } | { answer: LoadAnswer }): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
