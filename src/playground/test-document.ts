/** Documents for tests. */
import type { PlaygroundDocument } from './document.ts'

type Turn = PlaygroundDocument['turns'][number]
type Answer = Turn['answers'][number]

export function documentOf(part: Partial<PlaygroundDocument> = {}): PlaygroundDocument {
  return {
    format: 1,
    models: ['left', 'right'],
    system_prompt: 'You are a careful tutor.',
    parameters: { temperature: 0.6, max_tokens: 1_024, stop: ['END'] },
    tools_json: null,
    response_format: { type: 'text', schema_json: null },
    turns: [],
    shown: null,
    inputs: [],
    ...part,
  }
}

export function turn(
  id: string,
  parentId: string | null,
  role: Turn['role'],
  text: string,
  answers: Answer[] = [],
): Turn {
  return { id, parent_id: parentId, role, text, tool_call_id: null, answers, at: '2026-11-24T10:00:00.000Z' }
}

export function answer(model: string, text: string): Answer {
  return {
    model,
    text,
    reasoning: 'It is asked for plainly.',
    tool_calls: [],
    edited: false,
    finish: 'stop',
    error: null,
    request_id: null,
    tokens: { in: 30, cached: 0, out: 12, reasoning: 5 },
    timings: {
      first_token_ms: 171,
      reasoning_ms: 90,
      total_ms: 512.5,
      queue_ms: 1,
      prefill_ms: 160,
      decode_ms: 350,
    },
  }
}
