/** One client for both engines: the same request, the same reading, whichever listens. */
import { Agent, request } from 'node:http'

export type Target = {
  name: string
  /** A Unix socket, or host and port. */
  at: { socketPath: string } | { host: string; port: number }
  headers: Record<string, string>
  model: string
}

export type Answer = {
  /** From sending to the first event that holds text, ms. */
  firstTokenMs: number
  /** From sending to the end, ms. */
  totalMs: number
  tokensOut: number
  tokensCached: number
}

const agent = new Agent({ keepAlive: false, maxSockets: 256 })

/** A streamed text completion of exactly `tokens` greedy tokens. */
export function complete(
  target: Target,
  prompt: string,
  tokens: number,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = JSON.stringify({
    model: target.model,
    prompt,
    max_tokens: tokens,
    temperature: 0,
    ignore_eos: true,
    stream: true,
    stream_options: { include_usage: true },
  })
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...target.at,
        agent,
        method: 'POST',
        path: '/v1/completions',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...target.headers,
          ...headers,
        },
      },
      (received) => {
        let firstTokenMs = 0
        let text = ''
        received.setEncoding('utf8')
        received.on('data', (chunk: string) => {
          if (firstTokenMs === 0 && chunk.includes('"text"')) firstTokenMs = performance.now() - began
          text += chunk
        })
        received.on('error', reject)
        received.on('end', () => {
          const totalMs = performance.now() - began
          const usage = usageOf(text)
          if (received.statusCode !== 200 || usage === null)
            return reject(new Error(`${target.name} answered ${received.statusCode}: ${text.slice(-300)}`))
          if (usage.tokensOut !== tokens)
            return reject(new Error(`${target.name} generated ${usage.tokensOut} tokens instead of ${tokens}`))
          resolve({ firstTokenMs, totalMs, ...usage })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function usageOf(stream: string): Pick<Answer, 'tokensOut' | 'tokensCached'> | null {
  const events = stream
    .split('\n\n')
    .flatMap((event) => (event.startsWith('data: {') ? [JSON.parse(event.slice(6)) as Event] : []))
  const usage = events.findLast((event) => event.usage != null)?.usage
  return usage
    ? { tokensOut: usage.completion_tokens, tokensCached: usage.prompt_tokens_details?.cached_tokens ?? 0 }
    : null
}

type Event = { usage?: { completion_tokens: number; prompt_tokens_details?: { cached_tokens?: number } } | null }
