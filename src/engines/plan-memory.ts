/**
 * What a model would take here, before it is loaded: the context it would get, and the memory of both. The engine library
 * is asked, in a process of its own; `context-shape.ts` chooses.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { EstimateAnswer, EstimateQuestion } from '../../engine-host/estimate.ts'
import type { EngineConfig } from '../platform/config.ts'
import { chooseShape, shapesFor } from './context-shape.ts'
import type { AdapterSpec, EngineTask, ReasoningParser, SamplingDefaults, ToolParser } from './engine-wire.ts'
import { ContextTooLong, MemoryExceeded, ModelNotServable } from './errors.ts'

/** A model with its weights on this disk, and how it wants to be run. */
export type ModelToServe = {
  name: string
  task: EngineTask
  path: string
  sha256: string
  toolParser: ToolParser
  reasoningParser: ReasoningParser
  adapters: AdapterSpec[]
  samplingDefaults?: SamplingDefaults
  /** Wishes; absent = chosen by what fits. */
  contextTokens?: number
  sequences?: number
}

export type MemoryPlan = {
  contextTokens: number
  sequences: number
  weightsBytes: number
  contextBytes: number
  memoryBytes: number
}

/** Memory for models, bytes: what they may take together, what they were promised, what is left of it. */
export type MemoryRoom = { budgetBytes: number; freeBytes: number; usedBytes: number }

export type MemoryPlansDeps = {
  config: EngineConfig
  /** Memory of the machine that a new process could take, now and in all; bytes. */
  machineMemory: () => Promise<{ totalBytes: number; availableBytes: number }>
  /** What running engines were promised, together. */
  promisedBytes: () => number
}

/** Node, the library and its buffers, beside weights and context. Measured: 110–130 MB. */
export const PROCESS_BYTES = 130e6
/** Left to the system and to the rest of Tradewind. */
const RESERVE_BYTES = 1.5e9
export const BATCH_TOKENS = 512
const ESTIMATE_MS_MAX = 30_000

export function createMemoryPlans({ config, machineMemory, promisedBytes }: MemoryPlansDeps) {
  /** Per file and wish, since asking costs a second. */
  const plans = new Map<string, MemoryPlan>()
  const keyOf = (model: ModelToServe) => `${model.sha256} ${model.contextTokens ?? ''} ${model.sequences ?? ''}`

  async function room(): Promise<MemoryRoom> {
    const { totalBytes, availableBytes } = await machineMemory()
    const usedBytes = promisedBytes()
    const budgetBytes = config.memoryBytesMax ?? Math.max(0, totalBytes - RESERVE_BYTES)
    // What the machine says is available counts too: others may have filled it. Memory that our own engines were
    // promised but have not touched yet is still shown as available, so the smaller of the two views is the true one.
    const freeBytes = Math.max(
      0,
      Math.min(budgetBytes - usedBytes, config.memoryBytesMax ? Number.POSITIVE_INFINITY : availableBytes),
    )
    return { budgetBytes, freeBytes, usedBytes }
  }

  return {
    room,

    async plan(model: ModelToServe, freeBytesHeld: number): Promise<MemoryPlan> {
      const { budgetBytes, freeBytes } = await room()
      const free = freeBytes + freeBytesHeld
      const known = plans.get(keyOf(model))
      if (known && known.memoryBytes <= free) return known
      const plan = await makePlan(model, { freeBytes: free, budgetBytes })
      plans.set(keyOf(model), plan)
      return plan
    },

    remember(model: ModelToServe, plan: MemoryPlan): void {
      plans.set(keyOf(model), plan)
    },
  }
}

async function makePlan(model: ModelToServe, room: { freeBytes: number; budgetBytes: number }): Promise<MemoryPlan> {
  const first = shapesFor(Number.MAX_SAFE_INTEGER, model)
  const answer = await estimate({ modelPath: model.path, shapes: first, batchTokens: BATCH_TOKENS })
  if ('error' in answer)
    throw new ModelNotServable({ model: model.name, reason: answer.error.message, cause: answer.error.code })
  const longest = answer.trainedContextTokens
  if (model.contextTokens && longest > 0 && model.contextTokens > longest)
    throw new ContextTooLong({ model: model.name, wantedTokens: model.contextTokens, longestTokens: longest })
  // Shapes longer than the model was trained for are not asked for again: their figures bound the shorter ones from above.
  const shapes = first.map((shape) => ({
    ...shape,
    contextTokens: longest > 0 ? Math.min(shape.contextTokens, longest) : shape.contextTokens,
  }))
  const weightsBytes = answer.weightsBytes + PROCESS_BYTES
  const choice = chooseShape(shapes, answer.contextBytes, weightsBytes, room)
  if ('neededBytes' in choice) throw new MemoryExceeded({ model: model.name, ...room, neededBytes: choice.neededBytes })
  return {
    ...choice.shape,
    weightsBytes: answer.weightsBytes,
    contextBytes: choice.contextBytes,
    memoryBytes: weightsBytes + choice.contextBytes,
  }
}

/** Asks in a process of its own: a hostile file may take the native reader down, and then only that process. */
function estimate(question: EstimateQuestion): Promise<EstimateAnswer> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [ESTIMATE, JSON.stringify(question)], { stdio: ['ignore', 'pipe', 'ignore'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    const timer = setTimeout(() => child.kill('SIGKILL'), ESTIMATE_MS_MAX)
    const broken = (message: string) => resolve({ error: { code: 'engine.model_broken', message } })
    child.on('error', (error) => broken(`the file could not be examined: ${error.message}`))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as EstimateAnswer)
      } catch {
        broken(`the file takes its reader down (${signal ?? `exit ${code}`}), so it is not loaded.`)
      }
    })
  })
}

const ESTIMATE = fileURLToPath(new URL('../../engine-host/estimate.ts', import.meta.url))
