/**
 * A running product with two organisations that must not see each other, red and blue, and people of every role in each.
 * Whatever is red says so: each of its names and addresses holds `red.marker`, so that a single byte of it in an answer to
 * somebody of blue shows. Made through the API alone, as people would.
 *
 *     first project     everybody has what his role in the organisation gives
 *     second project    the developer is a viewer here, and the guest a developer, who has nothing else
 */
import assert from 'node:assert/strict'
import { Pool } from 'undici'
import type { ClosedRequest } from '../src/billing/request-detail.ts'
import type { OpenApiDocument } from '../src/control/docs/openapi.ts'
import { resolve } from '../src/control/docs/openapi.ts'
import type { OrganizationRole, PersonCaller, ProjectRole } from '../src/identity/rules.ts'
import { sockets } from '../src/platform/data-folder.ts'
import { newId } from '../src/platform/ids.ts'
import { plausible } from './plausible.ts'
import { type Product, startProduct } from './product.ts'

const PASSWORD = 'a password for tests'

export const MEMBER_ROLES = ['owner', 'admin', 'developer', 'viewer'] as const satisfies readonly OrganizationRole[]

export type Color = 'red' | 'blue'
export type Whom = (typeof MEMBER_ROLES)[number] | 'guest'

export type Asked = { method: string; path: string; body?: unknown }
export type Answered = { status: number; code: string | null; text: string; setCookies: string[]; json: () => never }

/** Somebody who asks. `caller`: as the rules see him. */
export type Asker = { name: string; caller: PersonCaller | { kind: 'machine' } | null; cookie: string | null }

export type Side = {
  color: Color
  /** In every name of this side. */
  marker: string
  /** In names that an operator may see: of the organisation and of people. */
  shownMarker: string
  organizationId: string
  firstProjectId: string
  secondProjectId: string
  people: Record<Whom, Asker & { caller: PersonCaller }>
  keyId: string
  requestId: string
  serviceAccountId: string
  invitationId: string
  playgroundSessionId: string
  /** A member whom nobody asks as: a viewer. */
  bystanderId: string
  /** A saved session of the first project that its members see. @returns its id */
  makePlaygroundSession(): Promise<string>
  /** Of the first project, ended: of a model that nobody has. */
  makeBatch(): Promise<string>
}

export type World = {
  product: Product
  document: OpenApiDocument
  red: Side
  blue: Side
  machine: Asker
  operator: Asker & { caller: PersonCaller }
  /** Can sign in, and has no role anywhere. */
  nobody: Asker & { caller: PersonCaller }
  stranger: Asker
  /** Somebody without a role whom a test may put somewhere. */
  drifter: Asker & { caller: PersonCaller }
  ask(asker: Asker, asked: Asked): Promise<Answered>
  /** Makes somebody who is signed in a viewer of an organisation, unless he is there. */
  join(asker: Asker, organizationId: string): Promise<void>
  /** As the machine, for what must work. */
  make<Body = { id: string }>(method: string, path: string, body?: unknown): Promise<Body>
  stop(): Promise<void>
}

export async function twoOrganizations(): Promise<World> {
  const product = await startProduct({ starter: false })
  const publicPool = new Pool('http://localhost', { socketPath: sockets.control(product.folder), connections: 8 })
  const adminPool = new Pool('http://localhost', { socketPath: sockets.controlAdmin(product.folder), connections: 8 })
  let addresses = 0

  const ask = async ({ caller, cookie }: Asker, { method, path, body }: Asked): Promise<Answered> => {
    const pool = caller?.kind === 'machine' ? adminPool : publicPool
    addresses += 1
    const answer = await pool.request({
      method: method as 'GET',
      path,
      headers: {
        origin: product.url,
        // As the gateway says where a request comes from. Each from elsewhere, since guessing is limited by address.
        'x-forwarded-for': `198.51.${100 + ((addresses >> 8) % 100)}.${addresses % 256}`,
        ...(cookie === null ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    // A stream of events has no end: that it began is the answer.
    const isEndless = String(answer.headers['content-type']).startsWith('text/event-stream')
    if (isEndless) answer.body.on('error', () => {}).destroy()
    const text = isEndless ? '' : await answer.body.text()
    const setCookies = [answer.headers['set-cookie'] ?? []].flat()
    return { status: answer.statusCode, code: codeIn(text), text, setCookies, json: () => JSON.parse(text) as never }
  }

  const machine: Asker = { name: 'machine', caller: { kind: 'machine' }, cookie: null }
  const stranger: Asker = { name: 'stranger', caller: null, cookie: null }
  const make = async <Body>(method: string, path: string, body?: unknown): Promise<Body> => {
    const answer = await ask(machine, { method, path, body })
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.text === '' ? (null as Body) : answer.json()
  }

  try {
    const document = (await (await fetch(`${product.url}/openapi.json`)).json()) as OpenApiDocument
    const { data } = await make<{ data: { id: string }[] }>('GET', '/api/organizations')
    const firstId = data[0]?.id ?? ''
    const bySelf = { product, ask, make, document, machine, firstId }
    const red = await sideOf(bySelf, 'red')
    const blue = await sideOf(bySelf, 'blue')
    const operator = await withoutRole(bySelf, 'operator')
    await make('POST', '/api/operators', { email: operator.caller.email })
    operator.caller.operator = true
    const nobody = await withoutRole(bySelf, 'nobody')
    const drifter = await withoutRole(bySelf, 'drifter')
    return {
      product,
      document,
      red,
      blue,
      machine,
      operator,
      nobody,
      stranger,
      drifter,
      ask,
      make,
      async join(asker, organizationId) {
        const wanted = { organization_id: organizationId, email: 'anybody@example.com', role: 'viewer' }
        const { id, url } = await make<{ id: string; url: string }>('POST', '/api/invitations', wanted)
        const body = { token: new URL(url).searchParams.get('token') }
        const answer = await ask(asker, { method: 'POST', path: '/api/invitations/accept', body })
        if (answer.code === 'identity.already_member') await make('DELETE', `/api/invitations/${id}`)
        else assert.equal(answer.status, 200, answer.text)
      },
      async stop() {
        await Promise.all([publicPool.destroy(), adminPool.destroy()])
        await product.stop()
      },
    }
  } catch (error) {
    await Promise.all([publicPool.destroy(), adminPool.destroy()])
    await product.kill()
    throw error
  }
}

type Making = Pick<World, 'product' | 'ask' | 'make' | 'document' | 'machine'> & { firstId: string }

async function sideOf(world: Making, color: Color): Promise<Side> {
  const { make, ask } = world
  const marker = `${color}-inside-7f3a9c`
  const shownMarker = `${color}-shown-51be20`
  const { id: organizationId } = await make('POST', '/api/organizations', { name: `Org ${shownMarker}` })
  const { data } = await make<{ data: { id: string }[] }>('GET', `/api/projects?organization_id=${organizationId}`)
  const firstProjectId = data[0]?.id ?? ''
  await make('PATCH', `/api/projects/${firstProjectId}`, { name: `First ${marker}` })
  const { id: secondProjectId } = await make('POST', '/api/projects', {
    organization_id: organizationId,
    name: `Second ${marker}`,
  })
  const ids = { organizationId, firstProjectId, secondProjectId }
  const people = {} as Side['people']
  for (const role of MEMBER_ROLES) people[role] = await invited(world, `${role}-${shownMarker}`, { ...ids, role })
  people.guest = await invited(world, `guest-${shownMarker}`, { ...ids, projectId: secondProjectId, role: 'developer' })
  await make('PUT', `/api/projects/${secondProjectId}/members/${people.developer.caller.userId}`, { role: 'viewer' })
  people.developer.caller.projectRoles = [{ organizationId, projectId: secondProjectId, role: 'viewer' }]

  const own = async <Body = { id: string }>(method: string, path: string, body: unknown): Promise<Body> => {
    const answer = await ask(people.owner, { method, path, body })
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json()
  }
  for (const projectId of [firstProjectId, secondProjectId])
    await own('POST', '/api/keys', { name: `Key ${marker}`, project_id: projectId })
  const { id: keyId, secret } = await own<{ id: string; secret: string }>('POST', '/api/keys', {
    name: `Key two ${marker}`,
    project_id: firstProjectId,
  })
  const { id: serviceAccountId } = await own('POST', '/api/service-accounts', {
    organization_id: organizationId,
    name: `Account ${marker}`,
  })
  const { id: invitationId } = await own('POST', '/api/invitations', {
    organization_id: organizationId,
    email: `open-${marker}@example.com`,
    role: 'viewer',
  })
  const makePlaygroundSession = async () => {
    const saved = world.document.paths['/api/playground/sessions']?.post?.requestBody?.content['application/json']
    const named = { project_id: firstProjectId, title: `Session ${marker}`, visibility: 'project', shown: null }
    const body = plausible(saved?.schema ?? {}, { named, text: marker }, (schema) => resolve(world.document, schema))
    return (await own('POST', '/api/playground/sessions', body)).id
  }
  const playgroundSessionId = await makePlaygroundSession()
  const makeBatch = async () => {
    const client = world.product.openai({ apiKey: secret })
    const file = new File([JSON.stringify({ custom_id: marker })], `${marker}.jsonl`)
    const { id: input_file_id } = await client.files.create({ file, purpose: 'batch' })
    const wanted = { input_file_id, endpoint: '/v1/embeddings', completion_window: '24h' } as const
    return (await client.batches.create(wanted)).id
  }
  const bystander = await invited(world, `bystander-${shownMarker}`, { ...ids, role: 'viewer' })
  const requestId = newId('req')
  await world.make('POST', '/internal/usage', {
    worker: 'test',
    records: [
      usedBy({ id: requestId, organizationId, projectId: firstProjectId, keyId, model: `model-${marker}` }),
      usedBy({ id: newId('req'), organizationId, projectId: secondProjectId, keyId, model: `model-${marker}` }),
    ],
  } satisfies { worker: string; records: ClosedRequest[] })
  return {
    color,
    marker,
    shownMarker,
    ...ids,
    people,
    keyId,
    requestId,
    serviceAccountId,
    invitationId,
    bystanderId: bystander.caller.userId,
    playgroundSessionId,
    makePlaygroundSession,
    makeBatch,
  }
}

/** Somebody new, through an invitation, as people come. */
async function invited(
  { make, ask, product }: Making,
  name: string,
  wanted: { organizationId: string; projectId?: string; role: OrganizationRole },
): Promise<Asker & { caller: PersonCaller }> {
  const { organizationId, projectId, role } = wanted
  const email = `${name}@example.com`
  const { url } = await make<{ url: string }>('POST', '/api/invitations', {
    organization_id: organizationId,
    project_id: projectId ?? null,
    email,
    role,
  })
  const token = new URL(url).searchParams.get('token')
  const nobodyYet: Asker = { name, caller: null, cookie: null }
  const body = { token, name: `Person ${name}`, password: PASSWORD }
  const answer = await ask(nobodyYet, { method: 'POST', path: '/api/invitations/accept', body })
  assert.equal(answer.status, 200, answer.text)
  const { user_id } = answer.json() as { user_id: string }
  const { setCookies } = answer
  assert.ok(setCookies.length > 0, `${product.url} began no session for ${email}`)
  return {
    name,
    cookie: setCookies.map((one) => one.split(';')[0]).join('; '),
    caller: {
      kind: 'person',
      userId: user_id,
      name: body.name,
      email,
      operator: false,
      memberships: projectId === undefined ? [{ organizationId, role }] : [],
      projectRoles: projectId === undefined ? [] : [{ organizationId, projectId, role: role as ProjectRole }],
      address: null,
    },
  }
}

async function withoutRole(world: Making, name: string): Promise<Asker & { caller: PersonCaller }> {
  const person = await invited(world, name, { organizationId: world.firstId, role: 'viewer' })
  await world.make('DELETE', `/api/organizations/${world.firstId}/members/${person.caller.userId}`)
  person.caller.memberships = []
  return person
}

function usedBy(of: Pick<ClosedRequest, 'id' | 'organizationId' | 'projectId' | 'keyId' | 'model'>): ClosedRequest {
  return {
    ...of,
    startedAtMs: Date.now(),
    adapter: null,
    deploymentId: null,
    engineId: null,
    route: '/v1/chat/completions',
    stream: false,
    status: 200,
    errorCode: null,
    tokensIn: 11,
    tokensCached: 0,
    tokensOut: 7,
    tokensReasoning: 0,
    tokensInSource: 'engine',
    tokensOutSource: 'engine',
    finish: 'stop',
    cutBy: null,
    gatewayMs: 1,
    queueMs: 1,
    prefillMs: 1,
    decodeMs: 1,
    firstTokenMs: 3,
    totalMs: 4,
    retries: 0,
  }
}

function codeIn(text: string): string | null {
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code ?? null
  } catch {
    return null
  }
}
