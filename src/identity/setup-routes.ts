/** /api/setup: the link that makes the first owner, as the console's page uses it; and how one can sign in here. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import { addressOf, webHeaders } from './access.ts'
import type { Identity } from './identity.ts'
import { requireTrustedOrigin } from './origins.ts'
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from './setup-form.ts'
import * as wire from './sign-in-schema.ts'
import { OIDC_PROVIDER } from './single-sign-on.ts'

export type SetupRoutesOptions = {
  identity: Identity
  /** A model that a first call can name. */
  sampleModel(): Promise<string>
}

export async function setupRoutes(
  server: Server,
  { identity, sampleModel: findSampleModel }: SetupRoutesOptions,
): Promise<void> {
  const { people, passkeys, setup, sso, publicUrl } = identity

  server.get(
    '/api/sign-in-options',
    {
      config: { access: 'anybody' },
      schema: { tags: ['Signing in'], summary: 'How one can sign in here', response: { 200: wire.SignInOptions } },
    },
    async () => ({
      owner_exists: await setup.ownerExists(),
      password: true,
      passkey: passkeys.available,
      single_sign_on: sso.providerName === null ? [] : [{ id: OIDC_PROVIDER, name: sso.providerName }],
      mail: identity.mailConfigured,
      password_length_min: PASSWORD_LENGTH_MIN,
      password_length_max: PASSWORD_LENGTH_MAX,
      public_url: publicUrl,
    }),
  )

  server.get(
    '/api/setup',
    {
      config: { access: 'anybody' },
      schema: {
        tags: ['Signing in'],
        summary: 'Whether this installation has an owner, and whether a set-up link can be used',
        querystring: Type.Object(
          { token: Type.Optional(Type.String({ maxLength: 200, description: '`token` of the link.' })) },
          { additionalProperties: false },
        ),
        response: { 200: wire.SetupState, 400: ErrorShape },
      },
    },
    async (request, reply) => {
      const { token } = request.query
      const [ownerExists, valid] = await Promise.all([
        setup.ownerExists(),
        token === undefined ? false : setup.linkValid(token),
      ])
      reply.header('cache-control', 'no-store')
      return { owner_exists: ownerExists, link: token === undefined ? 'none' : valid ? 'valid' : 'invalid' } as const
    },
  )

  server.post(
    '/api/setup',
    {
      config: { access: 'anybody' },
      schema: {
        tags: ['Signing in'],
        summary: 'Use the set-up link',
        operationId: 'completeSetup',
        description:
          'Makes the person who runs this installation and owns its first organisation, a project and a key, and signs in. The answer holds the key’s secret, which cannot be seen again.',
        body: wire.SetupWanted,
        response: { 201: wire.SetupAnswer, 400: wire.FormErrorShape, 403: ErrorShape, 410: ErrorShape },
      },
    },
    async (request, reply) => {
      requireTrustedOrigin(request.headers.origin, identity.trustedOrigins)
      const { token, ...form } = request.body
      reply.header('cache-control', 'no-store')
      const done = await setup.complete(token, form, addressOf(request))
      // The key is in `done` and nowhere else: from here on nothing may fail the answer.
      const orNull = (error: unknown) => {
        request.log.error({ err: error }, 'the answer after set-up lacks a part')
        return null
      }
      const [cookies, sampleModel] = await Promise.all([
        people.signIn(form.email.trim(), form.password, webHeaders(request), addressOf(request)).catch(orNull),
        findSampleModel().catch(orNull),
      ])
      if (cookies) reply.header('set-cookie', cookies)
      return reply.code(201).send(wire.setupAnswerOnWire(done, { signedIn: cookies !== null, publicUrl, sampleModel }))
    },
  )
}
