/** Where an upstream is, as it is kept: scheme, host, port and path, without `/v1`. Pure module. */
import { isIP } from 'node:net'
import { mayReach, type NetworkReach, reachNeeded } from '../platform/network-reach.ts'
import { UrlRefused } from './errors.ts'

/**
 * The forms in which one address can be written (`0x7f.1`, `2130706433`) are one here, since the URL's own parser reads
 * them.
 * @throws UrlRefused
 */
export function baseUrlIn(text: string, network: NetworkReach): string {
  const url = parsed(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new UrlRefused({ reason: 'scheme' })
  if (url.username !== '' || url.password !== '') throw new UrlRefused({ reason: 'credentials' })
  if (url.search !== '' || url.hash !== '') throw new UrlRefused({ reason: 'more' })
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
  if (/\/(chat\/completions|completions|embeddings|messages|models|responses)$/.test(path))
    throw new UrlRefused({ reason: 'operation' })
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !mayReach(network, host))
    throw new UrlRefused({ reason: reachNeeded(host) === 'private' ? 'private_address' : 'forbidden_address' })
  return url.origin + path
}

function parsed(text: string): URL {
  try {
    return new URL(text.trim())
  } catch (cause) {
    throw new UrlRefused({ reason: 'form' }, { cause })
  }
}
