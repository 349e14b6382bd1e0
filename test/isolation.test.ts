/**
 * Random calls of people of one organisation at another one: no answer may hold a byte of what is the other's, and at the
 * end nothing of it may have changed. Every read is asked with ids of both sides; every change only ever aims at the other
 * side, so that whatever succeeds would show there.
 *
 * `ISOLATION_CALLS` says how many; a few thousand by default, a hundred thousand in `.ci/run`. A failure prints the seed and
 * the smallest case that fast-check found.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { type Operation, operationsOf, type Parameter, resolve, type Schema } from '../src/control/docs/openapi.ts'
import { EXPECTED } from './authorization-expectations.ts'
import { plausible } from './plausible.ts'
import { type Asked, type Asker, type Side, twoOrganizations, type World } from './two-organizations.ts'

const CALLS = Number(process.env.ISOLATION_CALLS ?? 3_000)
const CALLS_AT_ONCE = 20

/** What would be asked of another machine, and what ends the session that is asked with. */
const LEFT_OUT = ['getHubRepository', 'signOut']

type Found = { method: string; path: string; operation: Operation }

/** Numbers that a call is made from; each is taken modulo what there is to choose from. */
type Chosen = { asker: number; operation: number; ids: number[]; filters: number }

let world: World
let operations: Found[]
before(async () => {
  world = await twoOrganizations()
  operations = [...operationsOf(world.document)].filter(({ path, method, operation: { operationId, security } }) => {
    // Paths of other APIs beside ours: models answer there, to keys alone.
    if (security.some((one) => 'key' in one)) return false
    const expected = EXPECTED[operationId]
    // Changes to oneself and to the installation reach no organisation.
    const isElsewhere = expected === 'oneself' || (typeof expected === 'object' && expected.on === 'installation')
    return path.startsWith('/api/') && !LEFT_OUT.includes(operationId) && (method === 'get' || !isElsewhere)
  })
})
after(() => world?.stop())

describe('two organisations', () => {
  it(`${CALLS} random calls show nothing of the other one, and change nothing there`, async () => {
    const earlier = await Promise.all([world.red, world.blue].map(everythingOf))
    let answered = 0
    const number = fc.nat(1_000_000)
    const call = fc.record({
      asker: number,
      operation: number,
      ids: fc.array(number, { minLength: 12, maxLength: 12 }),
      filters: number,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: CALLS_AT_ONCE, size: 'max' }), async (calls) => {
        const shown = await Promise.all(calls.map(tryOne))
        answered += shown.filter(({ status }) => status === 200).length
        assert.deepEqual(
          shown.flatMap(({ wrong }) => wrong),
          [],
        )
      }),
      { numRuns: Math.ceil((CALLS * 2) / CALLS_AT_ONCE), endOnFailure: false, interruptAfterTimeLimit: 3_600_000 },
    )
    assert.ok(answered > CALLS / 10, `only ${answered} calls were answered: this tried nothing`)
    assert.deepEqual(await Promise.all([world.red, world.blue].map(everythingOf)), earlier)
  })
})

async function tryOne(chosen: Chosen): Promise<{ status: number; wrong: string[] }> {
  const askers: [Asker, Side | null][] = [
    ...Object.values(world.red.people).map((asker): [Asker, Side] => [asker, world.red]),
    ...Object.values(world.blue.people).map((asker): [Asker, Side] => [asker, world.blue]),
    [world.operator, null],
    [world.nobody, null],
    [world.stranger, null],
  ]
  const [asker, own] = askers[chosen.asker % askers.length]!
  // An operator may rename and delete organisations, so he only reads here.
  const his = asker === world.operator ? operations.filter(({ method }) => method === 'get') : operations
  const found = his[chosen.operation % his.length]!
  const foreign = own === world.red ? world.blue : world.red
  const asked = requestOf(found, chosen, own ?? world.blue, foreign)
  const { status, text } = await world.ask(asker, asked)
  const secrets = secretsFrom(asker, own)
  const wrong = secrets
    .filter((secret) => text.includes(secret))
    .map(
      (secret) =>
        `${asker.name}, ${asked.method} ${asked.path} ${JSON.stringify(asked.body)}: ${status} shows ${secret}`,
    )
  if (status === 500) wrong.push(`${asker.name}, ${asked.method} ${asked.path} ${JSON.stringify(asked.body)}: 500`)
  return { status, wrong }
}

/** What an answer to this asker must not hold. An operator sees names of organisations and people, and no further. */
function secretsFrom(asker: Asker, own: Side | null): string[] {
  const foreign = [world.red, world.blue].filter((side) => side !== own)
  return foreign.flatMap(({ marker, shownMarker }) => (asker === world.operator ? [marker] : [marker, shownMarker]))
}

function requestOf({ method, path, operation }: Found, { ids, filters }: Chosen, own: Side, foreign: Side): Asked {
  const reads = method === 'get'
  let at = 0
  const next = () => ids[at++ % ids.length]!
  const oneOf = <Value>(values: readonly Value[]): Value => values[next() % values.length]!
  // A change aims at the other side alone: on one's own it would only use up what reads are tried on.
  const sideOf = () => (reads ? oneOf([own, foreign, foreign]) : foreign)
  const anyId = () => oneOf([...allIds(sideOf()), 'nothing'])
  const idFor = (noun: string) => (next() % 4 === 0 ? anyId() : (idOf(noun, sideOf()) ?? anyId()))
  const named: Record<string, unknown> = {
    organization_id: sideOf().organizationId,
    project_id: oneOf([sideOf().firstProjectId, sideOf().secondProjectId]),
    key_id: sideOf().keyId,
    key_ids: `${own.keyId},${foreign.keyId}`,
    service_account_id: sideOf().serviceAccountId,
    user_id: oneOf(personIds(sideOf())),
    person: oneOf(personIds(foreign)),
    actor: oneOf(personIds(sideOf())),
    target: anyId(),
    search: oneOf(['red', 'blue', 'inside', 'shown', '@']),
    model: `model-${foreign.color}`,
    role: 'viewer',
    email: 'somebody@example.com',
    token: 'nothing',
    from: new Date(Date.now() - 3_600_000).toISOString(),
    to: new Date(Date.now() + 60_000).toISOString(),
    after: undefined,
    revision: 1,
    shown: null,
  }
  const facts = { named, text: 'plausible' }
  const lookUp = (schema: Schema) => resolve(world.document, schema)
  const query = new URLSearchParams()
  let filled = path
  for (const [index, { in: place, name, required, schema }] of (
    operation.parameters ?? ([] as Parameter[])
  ).entries()) {
    if (place === 'path') {
      const noun = path.split('/')[path.split('/').indexOf(`{${name}}`) - 1] ?? ''
      filled = filled.replace(`{${name}}`, encodeURIComponent(idFor(noun)))
    } else if (place === 'query' && (required || (filters >> (index % 20)) & 1)) {
      const value = plausible(schema, facts, lookUp, name)
      if (value !== undefined && value !== null) query.set(name, String(value))
    }
  }
  const body = operation.requestBody?.content['application/json']
  return {
    method: method.toUpperCase(),
    path: query.size > 0 ? `${filled}?${query}` : filled,
    ...(body ? { body: plausible(body.schema, facts, lookUp) } : {}),
  }
}

function idOf(noun: string, side: Side): string | undefined {
  const ids: Record<string, string> = {
    organizations: side.organizationId,
    projects: side.firstProjectId,
    members: side.bystanderId,
    people: side.bystanderId,
    keys: side.keyId,
    requests: side.requestId,
    'service-accounts': side.serviceAccountId,
    invitations: side.invitationId,
    sessions: side.playgroundSessionId,
  }
  return ids[noun]
}

function allIds(side: Side): string[] {
  const { organizationId, firstProjectId, secondProjectId, keyId, requestId, serviceAccountId, invitationId } = side
  const things = [organizationId, firstProjectId, secondProjectId, keyId, requestId, serviceAccountId, invitationId]
  return [...things, side.playgroundSessionId, ...personIds(side)]
}

function personIds(side: Side): string[] {
  return [side.bystanderId, ...Object.values(side.people).map(({ caller }) => caller.userId)]
}

/** All that a foreign call could have changed, as the command line sees it; but for when somebody was last seen. */
async function everythingOf({ organizationId, firstProjectId, secondProjectId }: Side): Promise<unknown> {
  const of = `organization_id=${organizationId}&limit=200`
  const paths = [
    `/api/organizations/${organizationId}`,
    `/api/organizations/${organizationId}/members?limit=200`,
    `/api/projects?${of}`,
    `/api/projects/${firstProjectId}/members`,
    `/api/projects/${secondProjectId}/members`,
    `/api/keys?${of}`,
    `/api/service-accounts?${of}`,
    `/api/invitations?${of}`,
    `/api/playground/sessions?project_id=${firstProjectId}`,
    `/api/playground/sessions?project_id=${secondProjectId}`,
    // Reading prompts leaves an event, and none were kept.
    `/api/audit?${of}`,
  ]
  const found = await Promise.all(paths.map((path) => world.make<unknown>('GET', path)))
  return JSON.parse(JSON.stringify(found, (name, value) => (name === 'last_seen_at' ? undefined : value)))
}
