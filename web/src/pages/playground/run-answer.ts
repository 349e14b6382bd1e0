/** Asks one model and follows its stream to the end, whatever the end is. */
import { ApiError } from '../../api/client.ts'
import type { Endpoint, RequestBody } from './chat-request.ts'
import { callPublic } from './console-key.ts'
import type { Answer } from './document-turns.ts'
import { EventSplitter } from './event-stream.ts'
import { isLeaving } from './leaving.ts'
import type { LiveAnswer } from './live-answer.ts'
import { newsIn, type StreamUsage } from './stream-events.ts'

/** @returns the answer as it is kept; trouble is in its `error` */
export async function runAnswer(
  live: LiveAnswer,
  projectId: string,
  endpoint: Endpoint,
  body: RequestBody,
): Promise<Answer> {
  let usage: StreamUsage | null = null
  let finish: Answer['finish'] = null
  try {
    const response = await callPublic(projectId, endpoint, body, live.stopping.signal)
    live.requestId = response.headers.get('x-request-id')
    for await (const data of eventsOf(response)) {
      if (data === '[DONE]') break
      for (const news of newsIn(data)) {
        switch (news.kind) {
          case 'say':
            live.say(news.text)
            break
          case 'think':
            live.think(news.text)
            break
          case 'call':
            live.call(news.index, news)
            break
          case 'finish':
            finish = news.finish
            break
          case 'usage':
            usage = news.usage
            break
          case 'error':
            return live.answer('error', usage, { code: news.code, message: news.message })
          default:
            news satisfies never
        }
      }
    }
    if (finish === null) return live.answer('error', usage, { code: 'stream_cut', message: '' })
    return live.answer(finish, usage)
  } catch (error) {
    if (live.stopping.signal.aborted) return live.answer('stopped', usage)
    if (error instanceof ApiError) {
      live.requestId ??= error.requestId
      return live.answer('error', usage, { code: error.code, message: error.message })
    }
    if (isLeaving()) return live.answer(null, usage)
    // The connection broke, or what came was no stream of ours. What the browser says of it is in a language of its own.
    return live.answer('error', usage, { code: 'stream_cut', message: '' })
  }
}

async function* eventsOf(response: Response): AsyncGenerator<string> {
  if (!response.body) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  const splitter = new EventSplitter()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield* splitter.push(value)
    }
  } finally {
    reader.releaseLock()
  }
}
