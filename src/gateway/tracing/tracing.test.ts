import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attributesOfAttempt, operationOf } from './genai-attributes.ts'
import { wantsTracing } from './tracing.ts'

describe('traces', () => {
  it('are made only where OpenTelemetry’s own variables name an endpoint', () => {
    assert.equal(wantsTracing({}), false)
    assert.equal(wantsTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }), false)
    assert.equal(wantsTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }), true)
    assert.equal(wantsTracing({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces' }), true)
    assert.equal(wantsTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_TRACES_EXPORTER: 'none' }), false)
    assert.equal(wantsTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' }), false)
  })

  it('name operations as the conventions do', () => {
    assert.deepEqual(
      ['/v1/chat/completions', '/v1/messages', '/api/embed', '/v1/completions', '/v1/messages/count_tokens'].map(
        operationOf,
      ),
      ['chat', 'chat', 'embeddings', 'text_completion', 'tokenize'],
    )
  })

  it('tell the address of an upstream, and none of an engine on this machine', () => {
    const of = (baseUrl: string | null) =>
      attributesOfAttempt('chat', 'small', {
        engineId: 'eng_1',
        speaks: 'openai',
        socketPath: baseUrl === null ? '/run/eng_1.sock' : null,
        baseUrl,
        authorization: { authorization: 'Bearer secret' },
        remoteModel: 'big',
        network: 'private',
        healthy: true,
      })
    const upstream = of('https://ai.example.org/v1')
    assert.deepEqual(
      [upstream['server.address'], upstream['server.port'], upstream['gen_ai.request.model']],
      ['ai.example.org', 443, 'big'],
    )
    assert.equal(of(null)['server.address'], undefined)
    assert.doesNotMatch(JSON.stringify(upstream), /secret/)
  })
})
