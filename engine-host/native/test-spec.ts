import type { EngineSpec } from '../../src/engines/engine-wire.ts'

/** An engine small enough for tests. */
export function testSpec(modelPath: string, changes: Partial<EngineSpec> = {}): EngineSpec {
  return {
    engineId: 'eng_test',
    socketPath: '',
    modelPath,
    modelSha256: '0'.repeat(64),
    modelName: 'test',
    task: 'chat',
    threads: 1,
    sequences: 4,
    contextTokens: 512,
    batchTokens: 256,
    prefillChunkTokens: 64,
    gpu: 'off',
    adapters: [],
    toolParser: 'auto',
    reasoningParser: 'auto',
    ...changes,
  }
}
