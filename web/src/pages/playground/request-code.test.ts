import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { pythonValue, samplesOf, scriptValue } from './request-code.ts'

const ORIGIN = 'http://localhost:8484'
const hard = {
  model: 'm',
  prompt: `it's "so" \\ $HOME \`x\` \${y}\n<b> 文字 😀`,
  temperature: 0.2,
  ok: true,
  none: null,
}

describe('a request as code', () => {
  it('of a shell gives curl the body as it is, whatever is in it', () => {
    const [curl] = samplesOf(ORIGIN, '/v1/completions', hard)
    // A curl of our own prints what the shell made of the line.
    const script = `curl() { printf '%s' "\${@: -1}"; }\nTRADEWIND_KEY=k\n${curl!.code}`
    assert.deepEqual(JSON.parse(execFileSync('bash', ['-c', script], { encoding: 'utf8' })), hard)
  })

  it('of TypeScript has values that mean the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const read = new Function(`return ${scriptValue(value, 2)}`) as () => unknown
        assert.deepEqual(JSON.parse(JSON.stringify(read())), JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('of Python has values that mean the same', (t) => {
    if (spawnSync('python3', ['--version']).status !== 0) return t.skip('there is no python3')
    const values = fc.sample(fc.jsonValue({ stringUnit: 'grapheme' }), { numRuns: 200, seed: 7 })
    const script = `import json\nprint(json.dumps([${values.map((value) => pythonValue(value)).join(',\n')}]))`
    const read = execFileSync('python3', ['-'], { input: script, encoding: 'utf8' })
    assert.deepEqual(JSON.parse(read), JSON.parse(JSON.stringify(values)))
  })

  it('puts what is not OpenAI’s where its packages take it', () => {
    const body = { model: 'm', messages: [], enable_thinking: false, top_k: 5, stream: true }
    const [, python, typeScript] = samplesOf(ORIGIN, '/v1/chat/completions', body)
    assert.match(python!.code, /extra_body=\{ ?"enable_thinking": False, "top_k": 5 ?\}/)
    assert.match(typeScript!.code, /\} as OpenAI\.ChatCompletionCreateParamsStreaming,/)
  })

  it('names the key and never holds one', () => {
    for (const endpoint of ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/tokenize'] as const)
      for (const { code } of samplesOf(ORIGIN, endpoint, { model: 'm' })) assert.match(code, /TRADEWIND_KEY/)
  })
})
