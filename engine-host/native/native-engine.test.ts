import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { starterModelPath } from '../../test/models/starter.ts'
import { testAdapter, testModel } from '../../test/models/test-model.ts'
import { answer, hasCode, request, started, tokenEngineCases } from '../token-engine.cases.ts'
import type { Token, TokenEngine, TokenLogprob } from '../token-engine.ts'
import { openEngine } from './open-engine.ts'
import { testSpec } from './test-spec.ts'

if (process.env.UV_THREADPOOL_SIZE !== '1') {
  // libuv reads the size of its pool once, before any test could set it.
  test('everything holds with one native thread, as the engine host runs', async () => {
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env
    const child = spawn(process.execPath, [import.meta.filename], {
      env: { ...environment, UV_THREADPOOL_SIZE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output: Buffer[] = []
    child.stdout.on('data', (bytes) => output.push(bytes))
    child.stderr.on('data', (bytes) => output.push(bytes))
    const code = await new Promise((resolve) => child.on('exit', resolve))
    assert.equal(code, 0, Buffer.concat(output).toString())
  })

  test('with several native threads a sample waits for its decode, and answers are the same', async () => {
    const engine = await openEngine(testSpec(await starterModelPath()), { poolThreads: 4 })
    const { text } = await answer(engine, 'The capital of France is', { tokensMax: 1, topLogprobs: 2 })
    await engine.dispose()
    assert.equal(text, ' Paris')
  })
} else {
  describe('the native path', () => {
    let engine: TokenEngine
    let document: Token[]
    before(async () => {
      engine = await openEngine(testSpec(await starterModelPath()))
      document = engine.tokenize('The river rises in the hills and runs past the old mill. '.repeat(40), true)
    })
    after(() => engine.dispose())

    test('it is the native path', () => assert.equal(engine.path, 'native'))
    tokenEngineCases(() => engine)

    const ask = (question: string) => [...document.slice(0, 100), ...engine.tokenize(question, true)]

    test('simultaneous requests with one beginning compute it once, and each sees what it sees in turn', async () => {
      const questions = [' Where does it rise?', ' What does it pass?', ' Which hills?', ' How old is the mill?']
      const run = (question: string, salt: string) =>
        answer(engine, ask(question), { salt, tokensMax: 1, topLogprobs: 5, ignoreEos: true })
      const oneByOne = []
      for (const question of questions) oneByOne.push(await run(question, 'one by one'))
      const before = engine.stats()
      const together = await Promise.all(questions.map((question) => run(question, 'together')))
      const cached = together.map(({ cachedTokens }) => cachedTokens)
      assert.equal(cached.filter((tokens) => tokens >= 100).length, 3, cached.join())
      assert.equal(
        engine.stats().cachedTokens - before.cachedTokens,
        cached.reduce((a, b) => a + b),
      )
      for (const [i, { tokens }] of together.entries()) {
        const expected: readonly TokenLogprob[] = oneByOne[i]!.tokens[0]!.top
        for (const [rank, { token, logprob }] of tokens[0]!.top.entries()) {
          assert.equal(token, expected[rank]!.token)
          assert.ok(Math.abs(logprob - expected[rank]!.logprob) < 0.001, `${questions[i]} ${rank}`)
        }
      }
      // Computed whole, the same prompt is split into other batches, which moves a log-probability by a tenth or two.
      const whole = await run(questions[1]!, 'whole')
      assert.equal(whole.cachedTokens, 0)
      const { token, logprob } = together[1]!.tokens[0]!.top[0]!
      const same = whole.tokens[0]!.top.find((one) => one.token === token)!
      assert.ok(Math.abs(same.logprob - logprob) < 0.3, `${same.logprob} ${logprob}`)
    })

    test('simultaneous requests of different salts share nothing', async () => {
      const all = await Promise.all(
        ['one', 'two', 'three'].map((salt) => answer(engine, ask(' Who?'), { salt: `apart ${salt}`, tokensMax: 2 })),
      )
      assert.deepEqual(
        all.map(({ cachedTokens }) => cachedTokens),
        [0, 0, 0],
      )
    })

    test('followers of a request that is cancelled go on without it', async () => {
      const donor = engine.generate(request(ask(' First?'), { salt: 'orphans' }), () => assert.fail('too fast'))
      const followers = [' Second?', ' Third?'].map((question) =>
        answer(engine, ask(question), { salt: 'orphans', tokensMax: 3 }),
      )
      await until(() => engine.stats().sequencesInUse > 0)
      donor.cancel()
      assert.equal((await donor.done).end, 'cancelled')
      for (const { ids } of await Promise.all(followers)) assert.equal(ids.length, 3)
    })

    test('a cancel in a long prompt takes one step and frees the sequence', async () => {
      const steps = engine.stats().steps
      const long = engine.generate(request(document.slice(0, 300), { salt: 'long' }), () => assert.fail('no token'))
      await until(() => engine.stats().steps > steps)
      long.cancel()
      const asked = engine.stats().steps
      assert.equal((await long.done).end, 'cancelled')
      assert.ok(engine.stats().steps - asked <= 1)
      assert.equal(engine.stats().sequencesInUse, 0)
    })

    test('a share that holds every sequence gives one to a newcomer, and loses nothing but time', async () => {
      const prompts = ['The sun', 'The moon', 'The sea', 'The wind'].map((text) => engine.tokenize(text, true))
      const alone: Token[][] = []
      for (const prompt of prompts) {
        alone.push((await answer(engine, prompt, { salt: 'solo', tokensMax: 40, ignoreEos: true })).ids)
      }
      const flood = prompts.map((prompt) =>
        started(engine, prompt, { salt: 'flood', share: 'flood', tokensMax: 40, ignoreEos: true }),
      )
      await Promise.all(flood.map(({ first }) => first))
      let ended = 0
      for (const { done } of flood) void done.then(() => ended++)
      const newcomer = await answer(engine, 'The capital of France is', { share: 'newcomer', tokensMax: 1 })
      assert.equal(newcomer.text, ' Paris')
      assert.equal(ended, 0)
      await Promise.all(flood.map(({ done }) => done))
      assert.deepEqual(
        flood.map(({ seen }) => seen),
        alone,
      )
    })

    test('a quiet key is served within a few steps while another one floods', async () => {
      const flood = Array.from({ length: 30 }, (_, i) =>
        engine.generate(request(document.slice(i, i + 100), { salt: 'f', share: 'f', ignoreEos: true }), () => {}),
      )
      await until(() => engine.stats().sequencesInUse === 4)
      for (let i = 0; i < 3; i++) {
        const before = engine.stats().steps
        const quiet = started(engine, engine.tokenize(`Question ${i}: what is the sea?`, true), {
          share: 'quiet',
          tokensMax: 1,
        })
        await quiet.first
        assert.ok(engine.stats().steps - before <= 3, `${engine.stats().steps - before} steps`)
        await quiet.done
      }
      for (const { cancel } of flood) cancel()
      await Promise.all(flood.map(({ done }) => done))
    })

    test('closing ends what runs and refuses what comes', async () => {
      const closing = await openEngine(testSpec(await starterModelPath()))
      const running = started(closing, closing.tokenize('Once upon', true), { tokensMax: 400, ignoreEos: true })
      await running.first
      const closed = closing.dispose()
      await assert.rejects(answer(closing, [1, 2]), hasCode('engine.closing'))
      await assert.rejects(running.done, hasCode('engine.closing'))
      await closed
      await closing.dispose()
    })
  })

  describe('adapters', () => {
    let engine: TokenEngine
    let adapters: { name: string; path: string; sha256: string; scale: number }[]
    before(async () => {
      const path = await testModel('qwen3')
      const paths = [await testAdapter(path, 1), await testAdapter(path, 2)]
      adapters = paths.map((path, i) => ({ name: `adapter ${i}`, path, sha256: `${i}`, scale: 1 }))
      engine = await openEngine(testSpec(path, { adapters: adapters.slice(0, 1) }))
      await engine.loadAdapter(adapters[1]!)
    })
    after(() => engine.dispose())

    const run = (adapter: string | null, salt: string) =>
      answer(engine, 'An adapter changes what the model says', { adapter, salt, tokensMax: 12, ignoreEos: true })

    test('requests with different adapters in one step answer as each does alone', async () => {
      const names = [null, 'adapter 0', 'adapter 1']
      const alone: Token[][] = []
      for (const name of names) alone.push((await run(name, 'alone')).ids)
      assert.equal(new Set(alone.map((ids) => ids.join())).size, 3)
      const together = await Promise.all([...names, ...names].map((name) => run(name, 'together')))
      assert.deepEqual(
        together.map(({ ids }) => ids),
        [...alone, ...alone],
      )
    })

    test('a prefix is never shared between adapters', async () => {
      assert.equal((await run('adapter 0', 'shared')).cachedTokens, 0)
      assert.equal((await run('adapter 1', 'shared')).cachedTokens, 0)
      assert.equal((await run(null, 'shared')).cachedTokens, 0)
      assert.ok((await run('adapter 1', 'shared')).cachedTokens > 0)
    })

    test('a name that gets other weights answers with those, and its old prefixes are gone', async () => {
      const wanted = (await run('adapter 1', 'swap')).ids
      await engine.loadAdapter({ ...adapters[0]!, name: 'changing' })
      const before = await run('changing', 'swap')
      await engine.loadAdapter({ ...adapters[1]!, name: 'changing' })
      const changed = await run('changing', 'swap')
      assert.notDeepEqual(before.ids, wanted)
      assert.deepEqual(changed.ids, wanted)
      assert.equal(changed.cachedTokens, 0)
    })

    test('an adapter is unloaded when its last request has ended', async () => {
      await engine.loadAdapter({ ...adapters[0]!, name: 'leaving' })
      const running = started(engine, engine.tokenize('It goes', true), {
        adapter: 'leaving',
        tokensMax: 20,
        ignoreEos: true,
      })
      await running.first
      await engine.unloadAdapter('leaving')
      assert.equal((await running.done).generatedTokens, 20)
      await assert.rejects(run('leaving', 'late'), hasCode('engine.adapter_unknown'))
      assert.equal((await run(null, 'late')).ids.length, 12)
    })

    test('a file that is no adapter is refused, and the engine goes on', async () => {
      const broken = { ...adapters[0]!, name: 'broken', path: await testModel('bert') }
      await assert.rejects(engine.loadAdapter(broken), hasCode('engine.adapter_broken'))
      await assert.rejects(
        engine.loadAdapter({ ...broken, path: '/nowhere/adapter.gguf' }),
        hasCode('engine.adapter_broken'),
      )
      assert.equal((await run(null, 'after')).ids.length, 12)
    })
  })

  describe('embeddings', () => {
    test('an embedding model gives normalised vectors, in the order of the inputs', async () => {
      const engine = await openEngine(testSpec(await testModel('bert'), { task: 'embedding', contextTokens: 128 }))
      const texts = ['the cat sat on the house', 'the cat sat on a house', 'buyers pay invoices with money']
      const inputs = texts.map((text) => engine.tokenize(text, false))
      const vectors = await engine.embed(inputs, 'share')
      const [alone] = await engine.embed([inputs[1]!], 'other')
      assert.deepEqual(alone, vectors[1])
      const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)
      for (const vector of vectors) assert.ok(Math.abs(dot(vector, vector) - 1) < 1e-5)
      assert.ok(dot(vectors[0]!, vectors[1]!) > dot(vectors[0]!, vectors[2]!))
      assert.equal(vectors[0]!.length, engine.facts.embeddingSize)
      await assert.rejects(engine.embed([Array(500).fill(5)], 'share'), hasCode('engine.context_exceeded'))
      await assert.rejects(answer(engine, [1, 2, 3]), hasCode('engine.model_unsupported'))
      await engine.dispose()
    })
  })

  describe('other architectures', () => {
    for (const name of ['qwen3', 'deepseek-v3', 'deepseek-r1'] as const) {
      test(`the tiny ${name} answers the same with and without a shared prefix`, async () => {
        const engine = await openEngine(testSpec(await testModel(name)))
        const prompt = engine.tokenize('Sharing must not change one token of the answer. '.repeat(4), true)
        const cold = await answer(engine, prompt, { ignoreEos: true })
        await engine.forgetPrefixes('salt', null)
        const [again, shared] = await Promise.all([
          answer(engine, prompt, { ignoreEos: true }),
          answer(engine, prompt, { ignoreEos: true }),
        ])
        await engine.dispose()
        assert.equal(engine.path, 'native')
        assert.deepEqual(again.ids, cold.ids)
        assert.deepEqual(shared.ids, cold.ids)
        assert.ok(again.cachedTokens + shared.cachedTokens > 0)
      })
    }
  })
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
