/** A client that asks for answers while processes die, and writes down what it was told. */
import { Agent, type IncomingMessage, request } from 'node:http'
import type { Product } from '../product.ts'
import type { Sent } from './ledger.ts'
import type { Random } from './random.ts'

/** Longest wait for an answer: a hang is a finding, not a pause. */
const PATIENCE_MS = 60_000

export type Asked = { model: string; stream: boolean; tokens: number; told: string }

/** Asks again and again until told to stop. @returns how it went, of all it asked */
export async function keepAsking(
  product: Product,
  models: readonly string[],
  random: Random,
  onEnd: (one: Sent) => void,
  isOver: () => boolean,
): Promise<Sent[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const sent: Sent[] = []
  while (!isOver()) {
    const asked = {
      model: random.oneOf(models),
      stream: random.share() < 0.6,
      tokens: random.between(1, 24),
      told: `Number ${random.between(1, 1e6)}.`,
    }
    const one = await ask(product, agent, asked)
    sent.push(one)
    onEnd(one)
    if (one.status !== 200) await new Promise((resolve) => setTimeout(resolve, 50)) // as any client that is refused
  }
  agent.destroy()
  return sent
}

function ask(product: Product, agent: Agent, asked: Asked): Promise<Sent> {
  const body = JSON.stringify({
    model: asked.model,
    messages: [{ role: 'user', content: asked.told }],
    max_tokens: asked.tokens,
    ignore_eos: true,
    ...(asked.stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  })
  return new Promise((resolve) => {
    const unheard: Sent = { id: null, status: null, whole: false, tokensOut: null }
    const asking = request(`${product.url}/v1/chat/completions`, {
      agent,
      method: 'POST',
      headers: {
        authorization: `Bearer ${product.key}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    asking.on('error', () => resolve(unheard))
    asking.on('response', (answer) => {
      read(answer, asked.stream).then(resolve)
    })
    asking.end(body)
  })
}

async function read(answer: IncomingMessage, stream: boolean): Promise<Sent> {
  const head = { id: String(answer.headers['x-request-id']), status: answer.statusCode ?? null }
  let text = ''
  try {
    for await (const chunk of answer.setEncoding('utf8')) text += chunk
  } catch {
    return { ...head, whole: false, tokensOut: null }
  }
  if (head.status !== 200 || !answer.complete) return { ...head, whole: answer.complete, tokensOut: null }
  if (!stream) return { ...head, whole: true, tokensOut: tokensIn(text) }
  const events = text.split('\n\n').map((event) => event.slice('data: '.length))
  const totals = events.findLast((event) => event.includes('"usage":{'))
  return { ...head, whole: events.includes('[DONE]'), tokensOut: totals === undefined ? null : tokensIn(totals) }
}

function tokensIn(json: string): number | null {
  const { usage } = JSON.parse(json) as { usage?: { completion_tokens: number } }
  return usage?.completion_tokens ?? null
}
