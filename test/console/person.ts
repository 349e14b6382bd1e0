/** Somebody who is signed in, over HTTP as a browser is. */
import assert from 'node:assert/strict'
import type { Product } from '../product.ts'
import { consoleUrl } from './browser.ts'

export type Person = {
  name: string
  email: string
  password: string
  /** For a browser's context. */
  cookies: { name: string; value: string; url: string }[]
  /** A call that must work. */
  call<Body = { id: string }>(method: string, path: string, body?: unknown): Promise<Body>
  /** A call, whatever comes of it. */
  tries(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>
}

type Known = { name: string; email: string; password: string }

export async function signIn(product: Product, { name, email, password }: Known): Promise<Person> {
  const answer = await post(product, '/api/auth/sign-in/email', { email, password })
  assert.equal(answer.status, 200, `${email} is not signed in: ${await answer.clone().text()}`)
  return personOf(product, { name, email, password }, answer)
}

/** Somebody new, who comes by a link. */
export async function accept(product: Product, url: string, known: Known): Promise<Person> {
  const token = new URL(url).searchParams.get('token')
  const { name, password } = known
  const answer = await post(product, '/api/invitations/accept', { token, name, password })
  assert.equal(answer.status, 200, await answer.clone().text())
  return personOf(product, known, answer)
}

function personOf(product: Product, known: Known, answer: Response): Person {
  const cookies = answer.headers.getSetCookie().map((line) => {
    const [pair = ''] = line.split(';')
    const [name = '', ...value] = pair.split('=')
    return { name, value: value.join('='), url: consoleUrl(product) }
  })
  assert.ok(cookies.length > 0, `no session began for ${known.email}`)
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const tries = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${consoleUrl(product)}${path}`, {
      method,
      headers: {
        origin: consoleUrl(product),
        cookie,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  return {
    ...known,
    cookies,
    tries,
    async call<Body>(method: string, path: string, body?: unknown) {
      const { status, text } = await tries(method, path, body)
      assert.ok(status < 300, `${method} ${path}: ${status} ${text}`)
      return (text === '' ? null : JSON.parse(text)) as Body
    },
  }
}

function post(product: Product, path: string, body: unknown): Promise<Response> {
  const origin = consoleUrl(product)
  return fetch(`${origin}${path}`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}
