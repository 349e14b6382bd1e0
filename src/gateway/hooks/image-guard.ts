/**
 * Whether the images that a request names may be fetched by whoever answers it. A model's engine or an upstream does that
 * from inside some network, where a URL may lead to what its sender cannot reach.
 *
 * The name is resolved and every address that it has is checked, as it stands now; who fetches it resolves it again. So
 * this keeps honest clients from mistakes and others from the easy way; an engine that fetches must check for itself.
 */
import { isIP } from 'node:net'
import { checkingLookup, mayReach } from '../../platform/network-reach.ts'
import type { ImageUrls } from '../../safety/policy.ts'
import { ImageUrlRefused } from '../errors.ts'

const lookup = checkingLookup('public')

/** @throws ImageUrlRefused */
export async function checkImageUrls(urls: readonly string[], allowed: ImageUrls): Promise<void> {
  for (const url of new Set(urls)) {
    if (/^data:/i.test(url) || allowed === 'any') continue
    if (allowed === 'inline') throw new ImageUrlRefused({ reason: 'not_inline' })
    if (!(await isPublic(url))) throw new ImageUrlRefused({ reason: 'not_public' })
  }
}

async function isPublic(text: string): Promise<boolean> {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return false
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0) return mayReach('public', host)
  return new Promise((resolve) => lookup(host, { all: true }, (error) => resolve(error === null)))
}
