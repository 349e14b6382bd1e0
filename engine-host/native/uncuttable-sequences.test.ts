import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { LlamaContext } from 'node-llama-cpp'
import { testModel } from '../../test/models/test-model.ts'
import { answer, request } from '../token-engine.cases.ts'
import type { Token, TokenEngine } from '../token-engine.ts'
import { SHARED_MIN } from './choose-prefix.ts'
import { loadLibrary } from './load-library.ts'
import { createModelWords } from './model-words.ts'
import { createNativeEngine } from './native-engine.ts'
import { RawContext } from './nlc-raw.ts'

/** An engine on a model that could do more than it is allowed here, so that its answers can be compared. */
async function openLimited(abilities: { canCopy: boolean; canCut: boolean }): Promise<TokenEngine> {
  const limits = { sequences: 4, contextTokens: 512, batchTokens: 64, prefillChunkTokens: 32, threads: 1 }
  const { llama } = await loadLibrary({ gpu: 'off', threads: 1, log: () => {} })
  const model = await llama.loadModel({ modelPath: await testModel('qwen3'), gpuLayers: 0 })
  const context: LlamaContext = await model.createContext({
    sequences: limits.sequences,
    contextSize: limits.contextTokens,
    batchSize: limits.batchTokens,
    threads: 1,
  })
  return createNativeEngine({
    ...limits,
    ...abilities,
    raw: new RawContext(llama, model, context, false),
    words: createModelWords(llama, model, limits),
    spill: null,
    release: async () => {
      await context.dispose()
      await model.dispose()
      await llama.dispose()
    },
    log: () => {},
  })
}

for (const abilities of [
  { canCopy: true, canCut: false },
  { canCopy: false, canCut: true },
  { canCopy: false, canCut: false },
]) {
  describe(`sequences that can ${abilities.canCopy ? '' : 'not '}be copied and can ${abilities.canCut ? '' : 'not '}be cut`, () => {
    let engine: TokenEngine
    let document: Token[]
    before(async () => {
      engine = await openLimited(abilities)
      document = engine.tokenize('State-space models only go on from where they are. '.repeat(9), true).slice(0, 200)
    })
    after(() => engine.dispose())
    const ask = (question: string) => [...document, ...engine.tokenize(question, true)]
    const questions = [' What?', ' Where to?', ' Why do they?', ' And who says so?', ' Since when?', ' How?']

    test('simultaneous requests with one beginning each see what they see alone', async () => {
      const run = (question: string, salt: string) =>
        answer(engine, ask(question), { salt, ignoreEos: true, tokensMax: 1, topLogprobs: 3 })
      const alone = []
      for (const [i, question] of questions.entries()) alone.push(await run(question, `alone ${i}`))
      const together = await Promise.all(questions.map((question) => run(question, 'together')))
      for (const [i, { tokens }] of together.entries()) {
        for (const [rank, { logprob }] of tokens[0]!.top.entries()) {
          // Another split into batches moves it by some hundredths, a state that is not this prompt's by far more.
          assert.ok(Math.abs(logprob - alone[i]!.tokens[0]!.top[rank]!.logprob) < 0.2, questions[i])
        }
      }
      const cached = together.map(({ cachedTokens }) => cachedTokens)
      const shared = cached.filter((tokens) => tokens > document.length - SHARED_MIN).length
      if (abilities.canCopy) assert.ok(shared >= 3, cached.join())
      else if (!abilities.canCut) assert.equal(shared, 0)
    })

    test('the next turn of a conversation goes on where the last one ended', async () => {
      const first = await answer(engine, ask(' Go on'), { salt: 'turns', ignoreEos: true, tokensMax: 6 })
      const turn = [...ask(' Go on'), ...first.ids, ...engine.tokenize(' and on', true)]
      const next = await answer(engine, turn, { salt: 'turns', ignoreEos: true, tokensMax: 6 })
      assert.equal(next.cachedTokens, ask(' Go on').length + 5)
      const whole = await answer(engine, turn, { salt: 'fresh', ignoreEos: true, tokensMax: 6 })
      assert.deepEqual(next.ids, whole.ids)
    })

    test('a follower that is cancelled while the other one stops for it leaves nobody stuck', async () => {
      const donor = answer(engine, ask(' First?'), { salt: 'stop', ignoreEos: true, tokensMax: 3 })
      const follower = engine.generate(request(ask(' Second?'), { salt: 'stop' }), () => {})
      await new Promise((resolve) => setTimeout(resolve, 5))
      follower.cancel()
      assert.equal((await follower.done).end, 'cancelled')
      assert.equal((await donor).ids.length, 3)
    })
  })
}
