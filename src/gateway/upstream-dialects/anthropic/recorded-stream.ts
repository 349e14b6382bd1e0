/** Events as Anthropic's Messages stream sends them: a thought, words, a call, and every count. Test support. */
const said = (type: string, rest: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
const block = (index: number, content_block: object, deltas: object[]) => [
  said('content_block_start', { index, content_block }),
  ...deltas.map((delta) => said('content_block_delta', { index, delta })),
  said('content_block_stop', { index }),
]

/** One string for each event. */
export function recordedStream(): string[] {
  return [
    said('message_start', {
      message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-x',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 10, cache_creation_input_tokens: 2, cache_read_input_tokens: 30, output_tokens: 1 },
      },
    }),
    said('ping'),
    ...block(0, { type: 'thinking', thinking: '', signature: '' }, [
      { type: 'thinking_delta', thinking: 'Look ' },
      { type: 'thinking_delta', thinking: 'it up.' },
      { type: 'signature_delta', signature: 'c2lnbmVk' },
    ]),
    ...block(1, { type: 'text', text: '' }, [{ type: 'text_delta', text: 'One moment.' }]),
    ...block(2, { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }, [
      { type: 'input_json_delta', partial_json: '' },
      { type: 'input_json_delta', partial_json: '{"city": ' },
      { type: 'input_json_delta', partial_json: '"Oslo"}' },
    ]),
    said('message_delta', { delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 7 } }),
    said('message_stop'),
  ]
}
