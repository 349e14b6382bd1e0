/** A streaming answer that a test can watch while it runs: when it began, and how it ended. */
import type { Product } from './product.ts'

export type StreamEnd = {
  /** HTTP status; null = the connection broke before there was one. */
  status: number | null
  text: string
  /** Events that carried text. */
  pieces: number
  finish: string | null
  /** The last event was `[DONE]`. */
  done: boolean
  /** Of an error event, or of an answer that is an error. */
  errorCode: string | null
  /** The connection ended without the answer's end. */
  broken: boolean
}

export type LiveStream = {
  /** Resolves with the first piece of text, and also when it ends without any. */
  begun: Promise<void>
  ended: Promise<StreamEnd>
  /** What has come by now. */
  soFar: Readonly<StreamEnd>
  /** As a client that closes its window. */
  hangUp(): void
}

/** Asks for a stream; never rejects. @param body of a chat request, without `stream` */
export function liveStream(product: Product, body: object): LiveStream {
  const gone = new AbortController()
  const begun = Promise.withResolvers<void>()
  const end: StreamEnd = {
    status: null,
    text: '',
    pieces: 0,
    finish: null,
    done: false,
    errorCode: null,
    broken: false,
  }
  const read = async () => {
    const answer = await product.post('/v1/chat/completions', { ...body, stream: true }, { signal: gone.signal })
    end.status = answer.status
    if (answer.status !== 200) {
      end.errorCode = ((await answer.json()) as Event).error?.code ?? 'none'
      return
    }
    let rest = ''
    for await (const chunk of (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      const events = (rest + chunk).split('\n\n')
      rest = events.pop() ?? ''
      for (const event of events) takeEvent(end, event)
      if (end.pieces > 0) begun.resolve()
    }
  }
  const ended = read()
    .catch(() => {
      end.broken = true
    })
    .then(() => {
      begun.resolve()
      return end
    })
  return { begun: begun.promise, ended, soFar: end, hangUp: () => gone.abort() }
}

type Event = {
  choices?: { delta: { content?: string; reasoning_content?: string }; finish_reason: string | null }[]
  error?: { code: string }
}

function takeEvent(end: StreamEnd, event: string): void {
  const data = event.slice('data: '.length)
  end.done = data === '[DONE]'
  if (end.done) return
  const { choices, error } = JSON.parse(data) as Event
  if (error) end.errorCode = error.code
  const [choice] = choices ?? []
  end.finish = choice?.finish_reason ?? end.finish
  const text = choice?.delta.content || choice?.delta.reasoning_content
  if (!text) return
  end.text += text
  end.pieces++
}
