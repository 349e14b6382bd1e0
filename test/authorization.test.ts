/**
 * Walks every operation of /api × everybody who could call it × (own, foreign) organisation, and compares what comes with
 * the one table of rules. Operations are found in the API document of the running product, bodies are made from its
 * schemas, and what each asks for stands in `authorization-expectations.ts`: a new operation fails until it stands there.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Operation, operationsOf, resolve, type Schema } from '../src/control/docs/openapi.ts'
import { reaches } from '../src/identity/reach.ts'
import { type Caller, may, RULES, type Target, whoMay } from '../src/identity/rules.ts'
import { EXPECTED, type Expectation } from './authorization-expectations.ts'
import { plausible } from './plausible.ts'
import { type Asked, type Asker, type Side, twoOrganizations, type World } from './two-organizations.ts'

type Found = { method: string; path: string; operation: Operation }
/** `hidden`: it does not exist for him. `refused`: he sees the organisation, and may not do that. */
type Outcome = 'allowed' | 'hidden' | 'refused'

const FORBIDDEN = ['identity.forbidden', 'identity.unauthenticated']

let world: World
let operations: Found[]
before(async () => {
  world = await twoOrganizations()
  // Not the paths of other APIs beside ours: models answer there, to keys alone.
  operations = [...operationsOf(world.document)].filter(
    ({ path, operation }) => path.startsWith('/api/') && !operation.security.some((one) => 'key' in one),
  )
})
after(() => world?.stop())

describe('who may do what, over the whole of /api', () => {
  it('every operation stands in the table, with the action that it declares', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    assert.deepEqual(
      { missing: ids.filter((id) => !(id in EXPECTED)), gone: Object.keys(EXPECTED).filter((id) => !ids.includes(id)) },
      { missing: [], gone: [] },
      'write them into test/authorization-expectations.ts',
    )
    for (const { operation } of operations)
      assert.equal(operation['x-who-may'], wordsOf(EXPECTED[operation.operationId]!), operation.operationId)
  })

  it('who is not signed in gets 401, but where anybody may', async () => {
    for (const found of operations) {
      const expected = EXPECTED[found.operation.operationId]!
      const answer = await world.ask(world.stranger, requestFor(found, world.red, 'first'))
      const about = `${found.operation.operationId}: ${answer.status} ${answer.text.slice(0, 300)}`
      if (expected === 'anybody') assert.ok(!FORBIDDEN.includes(answer.code ?? '') && answer.status < 500, about)
      else assert.deepEqual([answer.status, answer.code], [401, 'identity.unauthenticated'], about)
    }
  })

  it('what is about oneself answers whoever is signed in, also who has no role', async () => {
    for (const found of operations) {
      if (EXPECTED[found.operation.operationId] !== 'oneself' || found.method !== 'get') continue
      for (const asker of [world.nobody, world.operator, ...Object.values(world.red.people)]) {
        const answer = await world.ask(asker, requestFor(found, world.red, 'first'))
        assert.equal(answer.status, 200, `${asker.name} ${found.operation.operationId}: ${answer.text.slice(0, 300)}`)
      }
    }
  })

  it('what is on the installation is for those whom the rules name', async () => {
    for (const found of operations) {
      const expected = EXPECTED[found.operation.operationId]!
      if (typeof expected === 'string' || expected.on !== 'installation') continue
      for (const asker of askers()) {
        const answer = await world.ask(asker, requestFor(found, world.red, 'first'))
        const about = `${asker.name} ${found.operation.operationId}: ${answer.status} ${answer.text.slice(0, 300)}`
        assert.notEqual(answer.status, 500, about)
        if (may(asker.caller!, expected.action)) assert.ok(!FORBIDDEN.includes(answer.code ?? ''), about)
        else assert.deepEqual([answer.status, answer.code], [403, 'identity.forbidden'], about)
      }
    }
  })

  it('what is of an organisation is for those whom the rules name there, and is not there for others', async () => {
    const wrong: string[] = []
    for (const found of operations) {
      const expected = EXPECTED[found.operation.operationId]!
      if (typeof expected === 'string' || expected.on === 'installation') continue
      for (const side of [world.red, world.blue])
        for (const project of isOfBoth(expected.on) ? (['first', 'second'] as const) : (['first'] as const))
          for (const asker of askers()) wrong.push(...(await compare(found, expected, asker, side, project)))
    }
    assert.deepEqual(wrong, [])
  })
})

/** The machine, everybody of red, and those who belong nowhere. */
function askers(): Asker[] {
  return [world.machine, world.operator, world.nobody, ...Object.values(world.red.people)]
}

/** @returns what is wrong, in a sentence; empty = nothing */
async function compare(
  found: Found,
  expected: Exclude<Expectation, string>,
  asker: Asker,
  side: Side,
  project: 'first' | 'second',
): Promise<string[]> {
  const asked = requestFor(found, side, project, await arrange(expected.on, side, project))
  const answer = await world.ask(asker, asked)
  const outcome = outcomeOf(expected, asker.caller!, targetOf(expected.on, asked, side, project))
  const { status, code, text } = answer
  const shows = [side.marker, side.organizationId].some((secret) => text.includes(secret))
  const narrowed = expected.on === 'list' && status === 200 && !shows
  const right = {
    allowed: ![401, 403, 404, 500].includes(status) || expected.orElse?.includes(code ?? '') === true,
    hidden: status === 404 || narrowed,
    refused: status === 404 || code === 'identity.forbidden' || narrowed,
  }
  if (right[outcome]) return []
  const who = `${asker.name}, ${asked.method} ${asked.path} (${side.color}, ${project} project)`
  return [`${who}: expected ${outcome}, got ${status} ${text.slice(0, 300)}`]
}

function outcomeOf({ action, on, alsoNeeds }: Exclude<Expectation, string>, caller: Caller, target: Of): Outcome {
  const { organizationId } = target
  const needed = alsoNeeds ? [action, alsoNeeds] : [action]
  const ofAnyProject = on === 'list' && target.projectId === undefined
  if (ofAnyProject ? reaches(caller, organizationId, action) : needed.every((one) => may(caller, one, target)))
    return 'allowed'
  return may(caller, 'organization.read', { organizationId }) ? 'refused' : 'hidden'
}

type Of = Target & { organizationId: string }

const OF_THE_ORGANIZATION = ['organization', 'member', 'member-to-go', 'bystander', 'invitation', 'service-account']

function targetOf(on: string, asked: Asked, side: Side, project: 'first' | 'second'): Of {
  const { organizationId } = side
  const isWhole = OF_THE_ORGANIZATION.includes(on) || (on === 'list' && !asked.path.includes('project_id='))
  return isWhole ? { organizationId } : { organizationId, projectId: projectOf(on, side, project) }
}

/** Other things exist in the first project alone. */
function isOfBoth(on: string): boolean {
  return ['project', 'project-member', 'list'].includes(on)
}

function projectOf(on: string, side: Side, project: 'first' | 'second'): string {
  return project === 'second' && isOfBoth(on) ? side.secondProjectId : side.firstProjectId
}

type Ids = Partial<Record<'id' | 'user_id', string>>

/** Makes again what an allowed call may have used up. @returns what the ids of the path stand for */
async function arrange(on: string, side: Side, project: 'first' | 'second'): Promise<Ids> {
  const { organizationId } = side
  switch (on) {
    case 'key':
      return world.make('POST', '/api/keys', { name: `Key ${side.marker}`, project_id: side.firstProjectId })
    case 'service-account':
      return world.make('POST', '/api/service-accounts', { organization_id: organizationId, name: side.marker })
    case 'invitation':
      return world.make('POST', '/api/invitations', {
        organization_id: organizationId,
        email: `open-${side.marker}@example.com`,
        role: 'viewer',
      })
    case 'project':
      return { id: projectOf(on, side, project) }
    case 'project-member': {
      const id = projectOf(on, side, project)
      await world.make('PUT', `/api/projects/${id}/members/${side.bystanderId}`, { role: 'viewer' })
      return { id, user_id: side.bystanderId }
    }
    case 'member-to-go': {
      await world.join(world.drifter, organizationId)
      return { id: organizationId, user_id: world.drifter.caller.userId }
    }
    case 'member':
      return { id: organizationId, user_id: side.bystanderId }
    case 'bystander':
      return { id: side.bystanderId, user_id: side.bystanderId }
    case 'request':
      return { id: side.requestId }
    case 'playground-session':
      return { id: await side.makePlaygroundSession() }
    case 'batch':
      return { id: await side.makeBatch() }
    default:
      return { id: organizationId }
  }
}

function requestFor({ method, path, operation }: Found, side: Side, project: 'first' | 'second', ids: Ids = {}): Asked {
  const projectId = project === 'first' ? side.firstProjectId : side.secondProjectId
  const named: Record<string, unknown> = {
    id: 'nothing',
    user_id: 'usr_nobody',
    ...ids,
    organization_id: side.organizationId,
    project_id: projectId,
    email: `somebody-${side.marker}@example.com`,
    role: 'viewer',
    key_ids: side.keyId,
    person: side.bystanderId,
    from: new Date(Date.now() - 3_600_000).toISOString(),
    to: new Date().toISOString(),
    revision: 1,
    service_account_id: null,
    shown: null,
    // Who may delete gets as far as being asked for the name, and what the walk stands on is still there.
    ...(method === 'delete' ? { name: 'not its name' } : {}),
  }
  const facts = { named, text: `Plausible ${side.marker}` }
  const lookUp = (schema: Schema) => resolve(world.document, schema)
  const query = new URLSearchParams()
  let filled = path
  for (const { in: place, name, required, schema } of operation.parameters ?? []) {
    const value = String(plausible(schema, facts, lookUp, name))
    if (place === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(value))
    else if (place === 'query' && (required || ['organization_id', 'project_id'].includes(name))) query.set(name, value)
  }
  const body = operation.requestBody?.content['application/json']
  return {
    method: method.toUpperCase(),
    path: query.size > 0 ? `${filled}?${query}` : filled,
    ...(body ? { body: plausible(body.schema, facts, lookUp) } : {}),
  }
}

function wordsOf(expected: Expectation): string {
  if (expected === 'anybody') return 'anybody'
  if (expected === 'oneself') return 'whoever is signed in'
  assert.ok(expected.action in RULES)
  return whoMay(expected.action)
}
