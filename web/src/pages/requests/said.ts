/** What a request said, as text by role. Whatever a client sent is handed on as text, never as anything else. Pure. */
export type SaidRole = 'system' | 'developer' | 'user' | 'assistant' | 'tool' | 'prompt' | 'input'
export type Said = { role: SaidRole | string; text: string }

export function saidIn(request: { messages?: unknown; prompt?: unknown; input?: unknown }): Said[] {
  if (Array.isArray(request.messages)) return request.messages.map(messageIn)
  if (request.prompt !== undefined) return textsIn(request.prompt).map((text) => ({ role: 'prompt', text }))
  if (request.input !== undefined) return textsIn(request.input).map((text) => ({ role: 'input', text }))
  return []
}

function messageIn(message: unknown): Said {
  if (typeof message !== 'object' || message === null) return { role: 'user', text: plain(message) }
  const { role, content, ...rest } = message as { role?: unknown; content?: unknown }
  const parts = Array.isArray(content)
    ? content.map(partIn)
    : content === null || content === undefined
      ? []
      : [plain(content)]
  const more = 'tool_calls' in rest ? [plain(rest.tool_calls)] : []
  return { role: typeof role === 'string' ? role : 'user', text: [...parts, ...more].join('\n') }
}

function partIn(part: unknown): string {
  const text = typeof part === 'object' && part !== null ? (part as { text?: unknown }).text : undefined
  return typeof text === 'string' ? text : plain(part)
}

/** Prompts and inputs: one text, several, or tokens. */
function textsIn(value: unknown): string[] {
  if (!Array.isArray(value)) return [plain(value)]
  return value.every((one) => typeof one === 'number') ? [plain(value)] : value.map(plain)
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
