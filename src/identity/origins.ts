/**
 * Where a browser's request may come from, and where it may be sent on to.
 * Pure module.
 */
import { ForeignOrigin } from './errors.ts'

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']

/** The public address, and this machine's own names for the port: `localhost` and `127.0.0.1` are two origins to a browser. */
export function trustedOrigins({ publicUrl, port }: { publicUrl: string; port: number }): string[] {
  const local = LOOPBACK_NAMES.map((name) => new URL(`http://${name}:${port}`).origin)
  return [...new Set([new URL(publicUrl).origin, ...local])]
}

/**
 * Refuses a change that another site started. Browsers name the origin with every request that is not GET or HEAD, and a
 * page cannot forge it; a request without one is not from a browser of today, so it has no business with a session.
 * @throws ForeignOrigin
 */
export function requireTrustedOrigin(origin: string | undefined, trusted: string[]): void {
  if (origin === undefined || !trusted.includes(origin)) throw new ForeignOrigin({ origin: origin ?? null, trusted })
}

/**
 * Where to go after signing in: `wanted` if it is a path of ours, else `/`. Browsers read `//x`, `/\x` and control
 * characters in the middle of either as another host.
 */
export function pathOfOurs(wanted: string | undefined): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (!wanted?.startsWith('/') || /[\\\u0000-\u001f\u007f]/.test(wanted)) return '/'
  const ours = 'http://tradewind.invalid'
  if (!URL.canParse(wanted, ours)) return '/'
  const url = new URL(wanted, ours)
  // Resolving `/.//x` leaves `//x`, which a browser would take for a host when it is told to go there.
  return url.origin === ours && !url.pathname.startsWith('//') ? url.pathname + url.search : '/'
}

/**
 * Whether a request was sent to a name of ours: the public address, this machine by any of its own names, or a bare
 * number. A page of another site that lets its own name lead here (DNS rebinding) has that name in `Host`, never those.
 */
export function isHostOfOurs(host: string, publicUrl: string): boolean {
  if (!URL.canParse(`http://${host}`)) return false
  const { hostname } = new URL(`http://${host}`)
  const isNumber = hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
  return isNumber || hostname === 'localhost' || hostname === new URL(publicUrl).hostname
}

/** Whether browsers know passkeys at this address: it must have a name, and be safe on the way. https://w3c.github.io/webauthn/#relying-party-identifier */
export function isPasskeyHost(publicUrl: string): boolean {
  const { protocol, hostname } = new URL(publicUrl)
  const isNumber = hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
  return !isNumber && (protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost'))
}

/**
 * Where a browser that opens a page by this machine's number should go instead: the same page by the name `localhost`,
 * since passkeys and cookies belong to a name. Only for pages, and only where the public address is that name.
 * @returns null = it may stay
 */
export function pageByName(
  request: { method: string; url: string; host: string; accept: string; fetchMode: string | null },
  publicUrl: string,
): string | null {
  const named = new URL(publicUrl)
  if (named.hostname !== 'localhost' || request.host !== `127.0.0.1:${named.port || '80'}`) return null
  const isPage =
    request.method === 'GET' && request.accept.includes('text/html') && !/^\/(api|v1)(\/|$)/.test(request.url)
  if (!isPage || (request.fetchMode !== null && request.fetchMode !== 'navigate')) return null
  return `${named.origin}${request.url}`
}
