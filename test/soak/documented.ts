/** Requests made from our own OpenAPI document, against a product of their own. */
import { fuzzOpenApi, type OpenApiFuzzed } from '../fuzz-openapi.ts'
import { testModel } from '../models/test-model.ts'
import { startProduct } from '../product.ts'
import { MODEL } from './plain-requests.ts'

/** @returns what was found, or what is missing on this machine */
export async function runDocumented(cases: number, seed: number): Promise<OpenApiFuzzed | { missing: string }> {
  const product = await startProduct({ starter: false })
  try {
    await product.importModel(MODEL, await testModel('qwen3'))
    await product.load(MODEL, { sequences: 4, context_tokens: 512 }) // so that no answer is long
    return await fuzzOpenApi(product, cases, seed)
  } finally {
    await product.stop()
  }
}
