/** The plain pages: set up, sign in, sign out, and what runs. HTML in, HTML out, no script. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Server, wireError } from '../platform/http.ts'
import { html } from '../platform/markup.ts'
import { addressOf, callerOf, webHeaders } from './access.ts'
import { SetupFormRefused, SetupLinkInvalid, TooManySignIns } from './errors.ts'
import type { Identity } from './identity.ts'
import { pathOfOurs, requireTrustedOrigin } from './origins.ts'
import { messagePage, PAGE_HEADERS } from './pages/frame.ts'
import { homePage } from './pages/home-page.ts'
import { setupDonePage, setupPage } from './pages/setup-page.ts'
import { signInPage } from './pages/sign-in-page.ts'
import { may } from './rules.ts'
import type { SetupForm, SetupProblems } from './setup-form.ts'

/** What the pages say and do not know themselves. */
export type PageFacts = {
  /** One sentence on what runs: `Qwen3-0.6B is loaded.` */
  status(): Promise<string>
  /** A model that a first call can name. */
  sampleModel(): Promise<string>
}

const FORM_BYTES_MAX = 16_384

const asPage = { config: { access: 'anybody' }, schema: { hide: true } } as const

export async function pageRoutes(
  server: Server,
  { identity, facts }: { identity: Identity; facts: PageFacts },
): Promise<void> {
  const { people, setup, organizations, trustedOrigins, publicUrl } = identity

  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
    async (_request: unknown, body: string) => new URLSearchParams(body),
  )
  server.addHook('onSend', async (_request, reply) => {
    reply.headers(PAGE_HEADERS)
  })
  server.setErrorHandler((error, request, reply) => {
    const { status, body } = wireError(error)
    if (status >= 500) request.log.error({ err: error, route: request.routeOptions.url }, 'a page failed')
    return sendPage(
      reply,
      status,
      messagePage(status >= 500 ? 'Something went wrong' : 'This did not work', html`<p>${body.error.message}</p>`),
    )
  })

  server.get('/', asPage, async (request, reply) => {
    const caller = await callerOf(identity, 'public', request, reply)
    if (caller?.kind === 'person') {
      const { data } = await organizations.list(caller, { limit: 200, after: null })
      const status = may(caller, 'status.read') ? await facts.status() : null
      return sendPage(reply, 200, homePage({ person: caller, organizations: data, publicUrl, status }))
    }
    return (await setup.ownerExists()) ? reply.redirect('/sign-in', 303) : sendPage(reply, 200, NOT_SET_UP)
  })

  server.get('/setup', asPage, async (request, reply) => {
    const token = textIn(request.query, 'token')
    if (!(await setup.linkValid(token))) return sendPage(reply, 410, linkInvalidPage())
    return sendPage(reply, 200, setupPage({ token, form: {}, problems: {} }))
  })

  server.post('/setup', asPage, async (request, reply) => {
    requireTrustedOrigin(request.headers.origin, trustedOrigins)
    const sent = formIn(request)
    const token = sent.get('token') ?? ''
    const form: SetupForm = {
      name: sent.get('name') ?? '',
      email: sent.get('email') ?? '',
      password: sent.get('password') ?? '',
      organization: sent.get('organization') ?? '',
    }
    try {
      const done = await setup.complete(token, form, addressOf(request))
      // The key is in `done` and nowhere else: from here on nothing may fail the page.
      const orElse =
        <Value>(value: Value) =>
        (error: unknown) => {
          request.log.error({ err: error }, 'the page after set-up lacks a part')
          return value
        }
      const [cookies, model, status] = await Promise.all([
        people.signIn(form.email.trim(), form.password, webHeaders(request), addressOf(request)).catch(orElse(null)),
        facts.sampleModel().catch(orElse('<model>')),
        facts.status().catch(orElse('You are its operator.')),
      ])
      if (cookies) reply.header('set-cookie', cookies)
      return sendPage(reply, 200, setupDonePage({ done, signedIn: cookies !== null, publicUrl, model, status }))
    } catch (error) {
      if (error instanceof SetupLinkInvalid) return sendPage(reply, 410, linkInvalidPage())
      if (error instanceof SetupFormRefused)
        return sendPage(reply, 400, setupPage({ token, form, problems: error.data.problems as SetupProblems }))
      throw error
    }
  })

  server.get('/sign-in', asPage, async (request, reply) => {
    const next = pathOfOurs(textIn(request.query, 'next'))
    if ((await callerOf(identity, 'public', request, reply)) !== null) return reply.redirect(next, 303)
    if (!(await setup.ownerExists())) return sendPage(reply, 200, NOT_SET_UP)
    return sendPage(reply, 200, signInPage({ email: '', next, problem: null }))
  })

  server.post('/sign-in', asPage, async (request, reply) => {
    requireTrustedOrigin(request.headers.origin, trustedOrigins)
    const sent = formIn(request)
    const email = (sent.get('email') ?? '').trim()
    const next = pathOfOurs(sent.get('next') ?? '/')
    try {
      const cookies = await people.signIn(email, sent.get('password') ?? '', webHeaders(request), addressOf(request))
      if (cookies) return reply.header('set-cookie', cookies).redirect(next, 303)
      return sendPage(reply, 401, signInPage({ email, next, problem: 'E-mail or password is wrong.' }))
    } catch (error) {
      if (!(error instanceof TooManySignIns)) throw error
      reply.header('retry-after', error.data.retryAfterS)
      return sendPage(reply, 429, signInPage({ email, next, problem: error.message }))
    }
  })

  server.post('/sign-out', asPage, async (request, reply) => {
    requireTrustedOrigin(request.headers.origin, trustedOrigins)
    reply.header('set-cookie', await people.signOut(webHeaders(request), addressOf(request)))
    return reply.redirect('/sign-in', 303)
  })
}

const NOT_SET_UP = messagePage(
  'Not set up yet',
  html`<p>Open the set-up link that the start printed in its terminal. It is valid for 24 hours; a new start prints a new one.</p>`,
)

function linkInvalidPage(): string {
  return messagePage(
    'This link is not valid any more',
    html`<p>It was used, it is more than 24 hours old, or a later start replaced it.</p><p class="acts"><a class="btn" href="/sign-in">Sign in</a></p><p class="help">No owner yet? Start again: a new link is printed.</p>`,
  )
}

function sendPage(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page)
}

function formIn(request: FastifyRequest): URLSearchParams {
  return request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
}

function textIn(query: unknown, name: string): string {
  const value = (query as Record<string, unknown>)[name]
  return typeof value === 'string' ? value : ''
}
