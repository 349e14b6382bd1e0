/** What an engine's or control's error body says. Pure module. */

/** Its stable code; `unknown` where it says none. */
export function codeIn(body: Buffer): string {
  return textIn(body, 'code') ?? 'unknown'
}

export function messageIn(body: Buffer): string {
  return textIn(body, 'message') ?? 'The engine refused this without saying why.'
}

function textIn(body: Buffer, name: 'code' | 'message'): string | null {
  try {
    const text = (JSON.parse(body.toString('utf8')) as { error?: Record<string, unknown> }).error?.[name]
    return typeof text === 'string' ? text : null
  } catch {
    return null
  }
}
