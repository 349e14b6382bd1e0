/** What every `TokenEngine` promises, whichever path it takes. Runs against a real model. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineError, type GeneratedToken, type GenerateRequest, type Token, type TokenEngine } from './token-engine.ts'

/** A greedy request of 16 tokens, with the given changes. */
export function request(prompt: Token[], changes: RequestChanges = {}): GenerateRequest {
  const { sampling, ...rest } = changes
  return {
    id: 'req_test',
    prompt,
    tokensMax: 16,
    topLogprobs: null,
    salt: 'salt',
    share: 'share',
    adapter: null,
    disk: false,
    ignoreEos: false,
    ...rest,
    sampling: {
      temperature: 0,
      topP: 1,
      topK: 0,
      minP: 0,
      seed: null,
      frequencyPenalty: 0,
      presencePenalty: 0,
      repeatPenalty: 1,
      logitBias: new Map(),
      grammar: null,
      ...sampling,
    },
  }
}

export type RequestChanges = Partial<Omit<GenerateRequest, 'sampling'>> & {
  sampling?: Partial<GenerateRequest['sampling']>
}

/** Runs a request to its end. */
export async function answer(engine: TokenEngine, prompt: string | Token[], changes: RequestChanges = {}) {
  const tokens: GeneratedToken[] = []
  const list = typeof prompt === 'string' ? engine.tokenize(prompt, true) : prompt
  const result = await engine.generate(request(list, changes), (token) => tokens.push(token)).done
  return { ...result, tokens, ids: tokens.map(({ token }) => token), text: textOf(engine, tokens) }
}

export function textOf(engine: TokenEngine, tokens: readonly GeneratedToken[]): string {
  return Buffer.concat(tokens.map(({ token }) => engine.tokenBytes(token, false))).toString()
}

export function hasCode(code: string) {
  return (error: unknown) => error instanceof EngineError && error.code === code
}

/** Resolves when the request's first token has come. */
export function started(engine: TokenEngine, prompt: Token[], changes: RequestChanges = {}) {
  const seen: Token[] = []
  const first = Promise.withResolvers<void>()
  const generation = engine.generate(request(prompt, changes), ({ token }) => {
    seen.push(token)
    first.resolve()
  })
  generation.done.catch((error) => first.reject(error))
  return { ...generation, seen, first: first.promise }
}

const STORY = 'Once upon a time there was a little fox who lived in the forest and'

/**
 * @param engineOf the engine under test: the starter model, 4 sequences of 512 tokens. Called within tests only.
 */
export function tokenEngineCases(engineOf: () => TokenEngine): void {
  test('text comes back byte for byte from its tokens, also when a character spans several', () => {
    const engine = engineOf()
    for (const text of ['Hello, world!', ' leading space', 'naïve 漢字 🦊 \u0000\n\t', '<|im_start|>']) {
      const tokens = engine.tokenize(text, false)
      const bytes = Buffer.concat(tokens.map((token) => engine.tokenBytes(token, false)))
      assert.equal(bytes.toString(), text)
    }
  })

  test('special text is a control token only when asked for, and invisible unless asked for', () => {
    const engine = engineOf()
    const tokens = engine.tokenize('<|im_end|>', true)
    assert.equal(tokens.length, 1)
    assert.ok(engine.tokenize('<|im_end|>', false).length > 1)
    assert.equal(engine.tokenBytes(tokens[0]!, false).length, 0)
    assert.equal(Buffer.from(engine.tokenBytes(tokens[0]!, true)).toString(), '<|im_end|>')
    assert.ok(engine.isEndOfGeneration(tokens[0]!))
    assert.equal(engine.tokenBytes(1_000_000, true).length, 0)
  })

  test('the facts are those of the model', () => {
    const { facts } = engineOf()
    assert.equal(facts.architecture, 'llama')
    assert.equal(facts.vocabularySize, 49_152)
    assert.equal(facts.embeddingSize, 576)
    assert.equal(facts.contextTokens, 512)
    assert.equal(facts.sequences, 4)
    assert.equal(facts.eosToken, '<|im_end|>')
    assert.match(facts.chatTemplate ?? '', /im_start/)
  })

  test('a greedy answer is the likeliest one, and the same each time', async () => {
    const engine = engineOf()
    const first = await answer(engine, 'The capital of France is')
    assert.match(first.text, /^ Paris/)
    assert.deepEqual((await answer(engine, 'The capital of France is', { salt: 'other' })).ids, first.ids)
  })

  test('a seed repeats an answer and another seed does not', async () => {
    const engine = engineOf()
    const sampled = (seed: number) => answer(engine, STORY, { sampling: { temperature: 1, seed } })
    const [one, again, other] = [await sampled(7), await sampled(7), await sampled(8)]
    assert.deepEqual(again.ids, one.ids)
    assert.notDeepEqual(other.ids, one.ids)
  })

  test('filters that leave one token make any temperature greedy', async () => {
    const engine = engineOf()
    const greedy = await answer(engine, STORY)
    for (const filter of [{ topK: 1 }, { topP: 0.000001 }, { minP: 1 }]) {
      const filtered = await answer(engine, STORY, { sampling: { temperature: 1, seed: 1, ...filter } })
      assert.deepEqual(filtered.ids, greedy.ids, JSON.stringify(filter))
    }
  })

  test('log-probabilities are those of the whole vocabulary before temperature, filters and biases', async () => {
    const engine = engineOf()
    const prompt = engine.tokenize('The capital of France is', true)
    const greedy = await answer(engine, prompt, { topLogprobs: 5, tokensMax: 2 })
    const paris = greedy.tokens[0]!
    assert.equal(paris.top.length, 5)
    assert.equal(paris.top[0]!.token, paris.token)
    assert.ok(Math.abs(paris.top[0]!.logprob - paris.logprob!) < 1e-4)
    assert.ok(paris.logprob! > -0.5 && paris.logprob! < 0)
    for (let i = 1; i < 5; i++) assert.ok(paris.top[i]!.logprob <= paris.top[i - 1]!.logprob)
    assert.ok(paris.top.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0) < 1)
    const hot = await answer(engine, prompt, {
      topLogprobs: 2,
      tokensMax: 1,
      sampling: { temperature: 2, topK: 1, seed: 1, logitBias: new Map([[paris.token, 5]]) },
    })
    assert.equal(hot.ids[0], paris.token)
    assert.ok(Math.abs(hot.tokens[0]!.logprob! - paris.logprob!) < 0.01, `${hot.tokens[0]!.logprob}`)
    const forced = await answer(engine, prompt, {
      topLogprobs: 0,
      tokensMax: 1,
      sampling: { logitBias: new Map([[paris.token, -100]]) },
    })
    assert.deepEqual(forced.tokens[0]!.top, [])
    assert.ok(forced.tokens[0]!.logprob! < paris.logprob!)
    assert.equal(forced.ids[0], paris.top[1]!.token)
  })

  test('a penalty counts what was generated: a large one lets no token come twice', async () => {
    const engine = engineOf()
    const prompt = 'la la la la la la la la la la'
    const free = await answer(engine, prompt, { tokensMax: 20 })
    assert.ok(new Set(free.ids).size < free.ids.length)
    for (const sampling of [{ frequencyPenalty: 100 }, { presencePenalty: 100 }, { repeatPenalty: 100 }]) {
      const { ids } = await answer(engine, prompt, { tokensMax: 20, sampling })
      assert.equal(new Set(ids).size, ids.length, JSON.stringify(sampling))
    }
  })

  test('a grammar is obeyed, and the model ends where it ends', async () => {
    const engine = engineOf()
    const grammar = 'root ::= "{\\"city\\":\\"" [A-Z] [a-z]{2,8} "\\"}"'
    for (const sampling of [{ grammar }, { grammar, temperature: 1.5, seed: 4 }]) {
      const { text, end } = await answer(engine, 'Name a city as JSON:', { tokensMax: 64, sampling })
      assert.equal(end, 'eos')
      assert.match(text, /^\{"city":"[A-Z][a-z]{2,8}"\}$/)
    }
  })

  test('a grammar that cannot be parsed is refused with a code', async () => {
    const engine = engineOf()
    for (const grammar of ['root ::= [a-z', 'root ::= missing', '', ' ']) {
      assert.throws(() => engine.checkGrammar(grammar), hasCode('engine.grammar_invalid'))
      await assert.rejects(answer(engine, 'a', { sampling: { grammar } }), hasCode('engine.grammar_invalid'))
    }
    engine.checkGrammar('root ::= "yes" | "no"')
  })

  test('tokens are counted as they are handed out, and tokensMax ends the answer', async () => {
    const engine = engineOf()
    const one = await answer(engine, STORY, { tokensMax: 1 })
    assert.deepEqual([one.end, one.generatedTokens, one.tokens.length], ['length', 1, 1])
    const seven = await answer(engine, STORY, { tokensMax: 7, ignoreEos: true })
    assert.deepEqual([seven.end, seven.generatedTokens, seven.tokens.length], ['length', 7, 7])
    assert.equal(seven.promptTokens, engine.tokenize(STORY, true).length)
    for (const ms of [seven.queueMs, seven.prefillMs, seven.decodeMs]) assert.ok(ms >= 0)
  })

  test('the end-of-generation token ends the answer, and is neither handed out nor counted', async () => {
    const engine = engineOf()
    const prompt = '<|im_start|>user\nSay only the word yes.<|im_end|>\n<|im_start|>assistant\n'
    const grammar = 'root ::= "yes"'
    const ended = await answer(engine, prompt, { sampling: { grammar } })
    assert.deepEqual([ended.end, ended.text, ended.generatedTokens], ['eos', 'yes', ended.tokens.length])
  })

  test('an answer ends with the context', async () => {
    const engine = engineOf()
    const prompt = engine.tokenize('word '.repeat(600), true).slice(0, 500)
    const full = await answer(engine, prompt, { tokensMax: 1000, ignoreEos: true })
    assert.deepEqual([full.end, full.promptTokens + full.generatedTokens], ['length', 512])
  })

  test('a prompt that does not fit is refused with the numbers', async () => {
    const engine = engineOf()
    const prompt = engine.tokenize('word '.repeat(600), true).slice(0, 512)
    await assert.rejects(answer(engine, prompt), (error) => {
      assert.ok(hasCode('engine.context_exceeded')(error))
      assert.match((error as Error).message, /512 tokens/)
      return true
    })
  })

  test('a cancelled stream stops and frees its sequence, and cancelling again is harmless', async () => {
    const engine = engineOf()
    const running = started(engine, engine.tokenize(STORY, true), { tokensMax: 400, ignoreEos: true })
    await running.first
    running.cancel()
    const seen = running.seen.length
    const result = await running.done
    running.cancel()
    assert.equal(result.end, 'cancelled')
    assert.ok(running.seen.length <= seen + 1)
    assert.equal(engine.stats().sequencesInUse, 0)
    assert.equal((await answer(engine, STORY, { tokensMax: 3 })).end, 'length')
  })

  test('a request that is cancelled before it began computes nothing', async () => {
    const engine = engineOf()
    const before = engine.stats().generatedTokens
    const generation = engine.generate(request(engine.tokenize(STORY, true)), () => assert.fail('no token may come'))
    generation.cancel()
    const result = await generation.done
    assert.deepEqual([result.end, result.generatedTokens], ['cancelled', 0])
    assert.equal(engine.stats().generatedTokens, before)
  })

  test('a returning prompt is not computed again, except under another salt', async () => {
    const engine = engineOf()
    const prompt = engine.tokenize(`${STORY} one day it met a returning friend.`, true)
    const cold = await answer(engine, prompt, { salt: 'red' })
    const warm = await answer(engine, prompt, { salt: 'red' })
    const other = await answer(engine, prompt, { salt: 'blue' })
    assert.equal(cold.cachedTokens, 0)
    assert.equal(warm.cachedTokens, prompt.length - 1)
    assert.equal(other.cachedTokens, 0)
    assert.deepEqual(warm.ids, cold.ids)
    assert.deepEqual(other.ids, cold.ids)
  })

  test('a forgotten prefix is computed again, others are not', async () => {
    const engine = engineOf()
    const prompt = engine.tokenize(`${STORY} then somebody forgot everything.`, true)
    await answer(engine, prompt, { salt: 'green', share: 'one' })
    await answer(engine, prompt, { salt: 'yellow', share: 'one' })
    await engine.forgetPrefixes('green', 'two')
    assert.ok((await answer(engine, prompt, { salt: 'green', share: 'one' })).cachedTokens > 0)
    await engine.forgetPrefixes('green', 'one')
    assert.equal((await answer(engine, prompt, { salt: 'green', share: 'one' })).cachedTokens, 0)
    await engine.forgetPrefixes('green', null)
    assert.equal((await answer(engine, prompt, { salt: 'green', share: 'one' })).cachedTokens, 0)
    assert.ok((await answer(engine, prompt, { salt: 'yellow', share: 'one' })).cachedTokens > 0)
  })

  test('more requests than sequences all get the answer that each gets alone', async () => {
    const engine = engineOf()
    const prompts = ['The sun is', 'A cat likes', 'Water boils at', 'My name is', 'Two plus two is', 'Birds can']
    const alone: Token[][] = []
    for (const prompt of prompts) alone.push((await answer(engine, prompt, { salt: 'alone', tokensMax: 6 })).ids)
    const together = await Promise.all(prompts.map((prompt) => answer(engine, prompt, { salt: 'all', tokensMax: 6 })))
    assert.deepEqual(
      together.map(({ ids }) => ids),
      alone,
    )
    assert.equal(engine.stats().running, 0)
    assert.equal(engine.stats().waiting, 0)
  })

  test('a consumer that throws costs only its own request', async () => {
    const engine = engineOf()
    const throwing = engine.generate(request(engine.tokenize(STORY, true), { tokensMax: 50 }), () => {
      throw new Error('consumer')
    })
    const [other, result] = await Promise.all([answer(engine, 'The sun is', { tokensMax: 4 }), throwing.done])
    assert.equal(other.tokens.length, 4)
    assert.equal(result.end, 'cancelled')
  })

  test('an unknown adapter and a wish for embeddings are refused with codes', async () => {
    const engine = engineOf()
    await assert.rejects(answer(engine, 'a', { adapter: 'nobody' }), hasCode('engine.adapter_unknown'))
    await assert.rejects(engine.unloadAdapter('nobody'), hasCode('engine.adapter_unknown'))
    await assert.rejects(engine.embed([[1, 2]], 'share'), hasCode('engine.not_an_embedding_model'))
  })

  test("the model's template renders, and what it refuses is said in its words", () => {
    const engine = engineOf()
    const { chatTemplate } = engine.facts
    const messages = [{ role: 'user', content: 'Hi' }]
    const text = engine.renderTemplate(chatTemplate!, { messages, add_generation_prompt: true })
    assert.match(text, /<\|im_start\|>user\nHi<\|im_end\|>\n<\|im_start\|>assistant\n$/)
    assert.throws(
      () => engine.renderTemplate("{{ raise_exception('no system message, please') }}", {}),
      (error) => hasCode('engine.template_failed')(error) && /no system message, please/.test((error as Error).message),
    )
    assert.throws(() => engine.renderTemplate('{% if %}', {}), hasCode('engine.template_failed'))
  })

  test('statistics count what was done', async () => {
    const engine = engineOf()
    const before = engine.stats()
    const done = await answer(engine, 'Counting is', { salt: 'counted', tokensMax: 5 })
    const after = engine.stats()
    assert.equal(after.promptTokens - before.promptTokens, done.promptTokens)
    assert.equal(after.generatedTokens - before.generatedTokens, done.generatedTokens)
    assert.ok(after.steps > before.steps)
    assert.ok(after.stepMsP95 >= after.stepMsP50 && after.stepMsP50 > 0)
    assert.ok(after.threads >= 1)
  })

  test('random submits and cancels leave no sequence stuck', async () => {
    const engine = engineOf()
    const words = engine.tokenize(STORY, true)
    let random = 12345
    const below = (limit: number) => {
      random = (random * 1103515245 + 12345) % 2147483648
      return Math.floor((random / 2147483648) * limit)
    }
    const generations = Array.from({ length: 200 }, () => {
      const changes = { tokensMax: 1 + below(4), salt: `salt ${below(3)}`, share: `share ${below(4)}` }
      const generation = engine.generate(request(words.slice(below(8), 9 + below(6)), changes), () => {
        if (below(5) === 0) generation.cancel()
      })
      if (below(3) === 0) setTimeout(() => generation.cancel(), below(200))
      return generation
    })
    const ends = (await Promise.all(generations.map(({ done }) => done))).map(({ end }) => end)
    assert.ok(ends.includes('cancelled') && ends.includes('length'))
    const { running, waiting, sequencesInUse } = engine.stats()
    assert.deepEqual([running, waiting, sequencesInUse], [0, 0, 0])
    assert.equal((await answer(engine, 'The capital of France is', { salt: 'last', tokensMax: 1 })).text, ' Paris')
  })
}
