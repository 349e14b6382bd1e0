/** A provider of single sign-on for tests, on loopback: a real one, whose people are what a test says they are. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
// @ts-expect-error it brings no types
import { Provider } from 'oidc-provider'

export const CLIENT_ID = 'tradewind'
export const CLIENT_SECRET = 'a-secret-that-only-the-two-know'

export type ProviderPerson = { email: string; email_verified: boolean; name: string }

export type TestProvider = {
  issuer: string
  /** By the name that they type at the provider; a test may change it at any time. */
  people: Map<string, ProviderPerson>
  close(): Promise<void>
}

/** @param publicUrl of the installation that trusts it */
export async function startProvider(publicUrl: string): Promise<TestProvider> {
  const people = new Map<string, ProviderPerson>()
  const server = createServer((request, response) => answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [
      { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: [`${publicUrl}/api/auth/callback/oidc`] },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_context: unknown, sub: string) =>
      people.has(sub) && { accountId: sub, claims: () => ({ sub, ...people.get(sub) }) },
    cookies: { keys: ['for tests'] },
    features: { devInteractions: { enabled: true } },
  })
  const answer = provider.callback()
  return {
    issuer,
    people,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What a browser does here: follows redirects and keeps cookies by host. */
export function testBrowser() {
  const jar = new Map<string, Map<string, string>>()
  const cookiesFor = (url: URL) => [...(jar.get(url.host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')

  async function ask(address: string, init: { method?: string; body?: string; headers?: Record<string, string> } = {}) {
    const url = new URL(address)
    const cookie = cookiesFor(url)
    const response = await fetch(url, {
      ...init,
      headers: { ...init.headers, ...(cookie ? { cookie } : {}) },
      redirect: 'manual',
    })
    const own = jar.get(url.host) ?? new Map<string, string>()
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';')
      const at = pair.indexOf('=')
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(set)) own.delete(pair.slice(0, at))
      else own.set(pair.slice(0, at), pair.slice(at + 1))
    }
    jar.set(url.host, own)
    return response
  }

  return {
    ask,
    jar,
    /** Signs in at the provider as `who`, and agrees. @returns where it leads, not followed any more: an address outside the provider */
    async walk(from: string, who: string): Promise<string> {
      const provider = new URL(from).host
      let address = from
      for (let steps = 0; steps < 20; steps++) {
        if (new URL(address).host !== provider) return address
        const response = await ask(address)
        const location = response.headers.get('location')
        if (location) {
          address = new URL(location, address).href
          continue
        }
        const page = await response.text()
        const action = /action="([^"]+)"/.exec(page)?.[1]
        const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1]
        if (!action || !prompt) throw new Error(`the provider answers ${response.status}: ${page.slice(0, 500)}`)
        const sent = await ask(new URL(action, address).href, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ prompt, login: who, password: 'any' }).toString(),
        })
        address = new URL(sent.headers.get('location') ?? address, address).href
      }
      throw new Error('the provider leads in circles')
    },
  }
}
