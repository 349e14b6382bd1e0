/** The spans of real requests, as a collector gets them over OTLP/HTTP. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

const MODEL = 'tiny-qwen3'
const MARKER = 'heliotrope9Wd3'
const SERVER = 2
const CLIENT = 3

type Value = {
  stringValue?: string
  intValue?: number | string
  doubleValue?: number
  boolValue?: boolean
  arrayValue?: { values: Value[] }
}
type Span = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: { key: string; value: Value }[]
  status: { code?: number }
}
type Export = {
  resourceSpans: {
    resource: { attributes: { key: string; value: Value }[] }
    scopeSpans: { spans: Span[] }[]
  }[]
}

let product: Product
let collector: Server
const received: { export: Export; raw: string; authorization: string | undefined }[] = []

before(async () => {
  collector = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const raw = Buffer.concat(chunks).toString()
    if (request.url === '/v1/traces')
      received.push({ export: JSON.parse(raw) as Export, raw, authorization: request.headers.authorization })
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  product = await startProduct({
    starter: false,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer collect',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    },
  })
  await product.importModel(MODEL, await testModel('qwen3'))
  await product.load(MODEL)
})
after(async () => {
  await product.stop()
  collector.closeAllConnections()
  await new Promise((resolve) => collector.close(resolve))
})

const spans = () =>
  received.flatMap((each) => each.export.resourceSpans.flatMap((of) => of.scopeSpans.flatMap((scope) => scope.spans)))

function said(span: Span): Record<string, unknown> {
  const plain = (value: Value): unknown =>
    value.arrayValue !== undefined
      ? value.arrayValue.values.map(plain)
      : value.intValue !== undefined
        ? Number(value.intValue)
        : (value.stringValue ?? value.doubleValue ?? value.boolValue)
  return Object.fromEntries(span.attributes.map(({ key, value }) => [key, plain(value)]))
}

function ask(body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${product.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      messages: [{ role: 'user', content: `Say ${MARKER}` }],
      max_tokens: 5,
      ignore_eos: true,
      ...body,
    }),
  })
}

async function serverSpan(isIt: (span: Span) => boolean): Promise<Span> {
  return product.until('its span arrives', async () => spans().find((span) => span.kind === SERVER && isIt(span)))
}

describe('a request to a model', () => {
  it('is one span of the caller’s trace, with what it used, and its attempt below it', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const answer = await ask({ model: MODEL, stream: true }, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
    await answer.text()
    const id = answer.headers.get('x-request-id')
    const span = await serverSpan((one) => said(one)['tradewind.request.id'] === id)
    assert.deepEqual([span.traceId, span.parentSpanId, span.name], [traceId, '00f067aa0ba902b7', `chat ${MODEL}`])
    const attributes = said(span)
    const record = await product.until('its record arrives', async () =>
      (await product.usage()).find((one) => one.id === id),
    )
    assert.deepEqual(
      {
        operation: attributes['gen_ai.operation.name'],
        provider: attributes['gen_ai.provider.name'],
        asked: attributes['gen_ai.request.model'],
        answered: attributes['gen_ai.response.model'],
        in: attributes['gen_ai.usage.input_tokens'],
        out: attributes['gen_ai.usage.output_tokens'],
        finish: attributes['gen_ai.response.finish_reasons'],
        status: attributes['http.response.status_code'],
        route: attributes['http.route'],
        error: attributes['error.type'],
      },
      {
        operation: 'chat',
        provider: 'tradewind',
        asked: MODEL,
        answered: MODEL,
        in: record.tokens_in,
        out: record.tokens_out,
        finish: ['length'],
        status: 200,
        route: '/v1/chat/completions',
        error: undefined,
      },
    )
    const attempt = await product.until('its attempt arrives', async () =>
      spans().find((one) => one.parentSpanId === span.spanId),
    )
    assert.deepEqual([attempt.kind, attempt.traceId, said(attempt)['server.address']], [CLIENT, traceId, undefined])
    assert.ok(BigInt(attempt.startTimeUnixNano) >= BigInt(span.startTimeUnixNano))
    assert.ok(BigInt(attempt.endTimeUnixNano) <= BigInt(span.endTimeUnixNano))
  })

  it('that is refused says why, and is no failure of the server', async () => {
    const answer = await ask({ model: 'nobody' })
    await answer.text()
    const span = await serverSpan((one) => said(one)['error.type'] === 'model_not_found')
    assert.deepEqual([said(span)['http.response.status_code'], span.status.code ?? 0], [404, 0])
  })

  it('is not traced where its caller said that it is not sampled', async () => {
    const traceId = '00000000000000000000000000abcdef'
    await (await ask({ model: MODEL }, { traceparent: `00-${traceId}-00f067aa0ba902b7-00` })).text()
    await (await ask({ model: MODEL }, { traceparent: `00-${traceId.replace('ab', 'cd')}-00f067aa0ba902b7-01` })).text()
    await serverSpan((one) => one.traceId === traceId.replace('ab', 'cd'))
    assert.equal(
      spans().some((one) => one.traceId === traceId),
      false,
    )
  })

  it('tells nothing of what was said, nor a secret; and its collector who sends it', async () => {
    for (const { raw, authorization } of received) {
      assert.doesNotMatch(raw, new RegExp(MARKER))
      assert.equal(raw.includes(product.key), false)
      assert.equal(authorization, 'Bearer collect')
    }
    const resource = received[0]?.export.resourceSpans[0]?.resource.attributes ?? []
    const of = (key: string) => resource.find((one) => one.key === key)?.value.stringValue
    assert.equal(of('service.name'), 'tradewind-gateway')
    assert.equal(of('deployment.environment.name'), 'test')
  })
})

describe('a collector that is away', () => {
  it('keeps no request waiting, and no worker from ending', async () => {
    const worker = product.pidOf('worker')
    collector.closeAllConnections()
    await new Promise((resolve) => collector.close(resolve))
    for (let n = 0; n < 20; n++) assert.equal((await ask({ model: MODEL, max_tokens: 1 })).status, 200)
    assert.equal(product.pidOf('worker'), worker)
  })
})
