/**
 * How much memory a model would take here, asked before it is loaded: `node engine-host/estimate.ts '<EstimateQuestion as JSON>'`
 * prints one `EstimateAnswer` as JSON. A process of its own, because the library reads the file natively and a hostile
 * one may take it down; the asker then reads "broken" off the exit code.
 *
 * The figures are the library's own simulation of the allocation, without weights; measured, they equal what the context
 * reports after loading.
 */
import { GgufInsights, getLlama, LlamaLogLevel, readGgufFileInfo } from 'node-llama-cpp'
import { checkGguf } from './native/check-gguf.ts'

/** How much context to make: tokens of each sequence, and how many sequences. */
export type ContextShape = { contextTokens: number; sequences: number }

export type EstimateQuestion = { modelPath: string; shapes: ContextShape[]; batchTokens: number }

export type EstimateAnswer =
  | {
      weightsBytes: number
      /** Key-value cache and compute buffers together, one figure a shape, in the order asked. */
      contextBytes: number[]
      trainedContextTokens: number
      architecture: string
      /** GGUF files that make up the model. */
      parts: number
    }
  | { error: { code: string; message: string } }

async function estimate(question: EstimateQuestion): Promise<EstimateAnswer> {
  checkGguf(question.modelPath)
  const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.disabled })
  const info = await readGgufFileInfo(question.modelPath)
  const insights = await GgufInsights.from(info, llama)
  const model = await insights.estimateModelResourceRequirementsV2({ gpuLayers: 0 })
  const contextBytes: number[] = []
  for (const shape of question.shapes) {
    const context = await insights.estimateContextResourceRequirementsV2({
      contextSize: shape.contextTokens,
      sequences: shape.sequences,
      batchSize: question.batchTokens,
      modelGpuLayers: 0,
      flashAttention: true,
    })
    contextBytes.push(context.cpuRam)
  }
  return {
    weightsBytes: model.cpuRam,
    contextBytes,
    trainedContextTokens: insights.trainContextSize ?? 0,
    architecture: String(info.metadata.general.architecture),
    parts: info.splicedParts,
  }
}

let answer: EstimateAnswer
try {
  answer = await estimate(JSON.parse(process.argv[2] ?? '') as EstimateQuestion)
} catch (error) {
  const { code, message } = error as Error & { code?: string }
  answer = { error: { code: code?.startsWith('engine.') ? code : 'engine.model_broken', message } }
}
process.stdout.write(JSON.stringify(answer), () => process.exit(0))
