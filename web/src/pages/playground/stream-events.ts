/** What the events of a stream say, in our own words: of chats and of text completions. Pure. */
import type { Answer } from './document-turns.ts'

export type StreamUsage = {
  tokens: NonNullable<Answer['tokens']>
  timings: { queue_ms: number; prefill_ms: number; decode_ms: number } | null
}

export type StreamNews =
  | { kind: 'say'; text: string }
  | { kind: 'think'; text: string }
  | { kind: 'call'; index: number; id?: string; name?: string; arguments?: string }
  | { kind: 'finish'; finish: Answer['finish'] }
  | { kind: 'usage'; usage: StreamUsage }
  | { kind: 'error'; code: string; message: string }

type Chunk = {
  choices?: {
    text?: string
    delta?: {
      content?: string | null
      reasoning_content?: string | null
      reasoning?: string | null
      tool_calls?: { index: number; id?: string; function?: { name?: string; arguments?: string } }[]
    }
    finish_reason?: string | null
  }[]
  usage?: {
    prompt_tokens: number
    completion_tokens: number
    prompt_tokens_details?: { cached_tokens?: number } | null
    completion_tokens_details?: { reasoning_tokens?: number } | null
  } | null
  timings?: StreamUsage['timings']
  error?: { code?: string | null; type?: string; message?: string }
}

const FINISHES: readonly Answer['finish'][] = ['stop', 'length', 'tool_calls', 'content_filter']

/** @param data of one event, not `[DONE]` */
export function newsIn(data: string): StreamNews[] {
  const chunk = JSON.parse(data) as Chunk
  if (chunk.error)
    return [
      { kind: 'error', code: chunk.error.code ?? chunk.error.type ?? 'internal', message: chunk.error.message ?? '' },
    ]
  const news: StreamNews[] = []
  const choice = chunk.choices?.[0]
  const thought = choice?.delta?.reasoning_content ?? choice?.delta?.reasoning
  if (thought) news.push({ kind: 'think', text: thought })
  const said = choice?.text ?? choice?.delta?.content
  if (said) news.push({ kind: 'say', text: said })
  for (const { index, id, function: called } of choice?.delta?.tool_calls ?? [])
    news.push({
      kind: 'call',
      index,
      ...(id === undefined ? {} : { id }),
      ...(called?.name === undefined ? {} : { name: called.name }),
      ...(called?.arguments === undefined ? {} : { arguments: called.arguments }),
    })
  if (choice?.finish_reason)
    news.push({ kind: 'finish', finish: FINISHES.find((finish) => finish === choice.finish_reason) ?? 'stop' })
  if (chunk.usage) news.push({ kind: 'usage', usage: usageIn(chunk) })
  return news
}

function usageIn({ usage, timings }: Chunk): StreamUsage {
  return {
    tokens: {
      in: usage?.prompt_tokens ?? 0,
      cached: usage?.prompt_tokens_details?.cached_tokens ?? 0,
      out: usage?.completion_tokens ?? 0,
      reasoning: usage?.completion_tokens_details?.reasoning_tokens ?? 0,
    },
    timings: timings ?? null,
  }
}
