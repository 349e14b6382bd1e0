/** How an upstream wants to be let in, and the headers that do it. Pure module. */

export const AUTH_KINDS = ['none', 'bearer', 'x_api_key', 'header'] as const

/** `bearer`: `authorization: Bearer …`. `x_api_key`: Anthropic's. `header`: one that the operator names. */
export type AuthKind = (typeof AUTH_KINDS)[number]

/** The one that is written for; its answers keep their form. */
const ANTHROPIC_VERSION = '2023-06-01'
/** Headers that decide where a message ends, or that the connection sets itself. */
const NOT_FOR_SECRETS: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** Of a shorter secret, four characters would be too much of it. */
const HINT_FROM_LENGTH = 12

export function mayCarrySecret(header: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,63}$/.test(header) && !NOT_FOR_SECRETS.has(header)
}

/** @param secret null = none is known, or it cannot be opened any more */
export function headersOf(
  speaks: 'openai' | 'anthropic',
  auth: { kind: AuthKind; header: string | null },
  secret: string | null,
): Record<string, string> {
  const version = speaks === 'anthropic' ? { 'anthropic-version': ANTHROPIC_VERSION } : {}
  if (secret === null) return version
  switch (auth.kind) {
    case 'none':
      return version
    case 'bearer':
      return { ...version, authorization: `Bearer ${secret}` }
    case 'x_api_key':
      return { ...version, 'x-api-key': secret }
    case 'header':
      return { ...version, [auth.header ?? 'authorization']: secret }
    default:
      return auth.kind satisfies never
  }
}

/** What may be shown of a secret; null = nothing. */
export function hintOf(secret: string): string | null {
  return secret.length < HINT_FROM_LENGTH ? null : secret.slice(-4)
}
