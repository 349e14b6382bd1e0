import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AuditEntry, type AuditEvent, appendTo, CHAIN_START, checkChain } from './audit-chain.ts'

const ENTRY: AuditEntry = {
  actor: { kind: 'person', id: 'usr_ada' },
  action: 'key.created',
  target: 'key_1',
  organizationId: 'org_1',
  address: '127.0.0.1',
  after: { name: 'web', scopes: ['inference'], limits: { b: 1, a: null } },
}

function chainOf(length: number): AuditEvent[] {
  const events: AuditEvent[] = []
  for (let at = 0; at < length; at++)
    events.push(appendTo(events.at(-1) ?? CHAIN_START, ENTRY, `evt_${at}`, new Date(1_795_500_000_000 + at)))
  return events
}

describe('audit chain', () => {
  it('an untouched chain is intact, whole or in parts', () => {
    const events = chainOf(5)
    assert.deepEqual(checkChain(CHAIN_START, events), { intact: true, end: { sequence: 5, hash: events[4]!.hash } })
    const first = checkChain(CHAIN_START, events.slice(0, 2))
    assert(first.intact)
    assert(checkChain(first.end, events.slice(2)).intact)
    assert.deepEqual(checkChain(CHAIN_START, []), { intact: true, end: CHAIN_START })
  })

  it('the order of names in an object, which a database may change, does not matter', () => {
    const [event] = chainOf(1)
    assert(
      checkChain(CHAIN_START, [{ ...event!, after: { limits: { a: null, b: 1 }, scopes: ['inference'], name: 'web' } }])
        .intact,
    )
  })

  it('a change of any part of an event shows at that event', () => {
    const changes: Partial<AuditEvent>[] = [
      { id: 'evt_x' },
      { at: new Date(0) },
      { organizationId: null },
      { actor: { kind: 'machine', id: 'usr_ada' } },
      { actor: { kind: 'person', id: 'usr_bob' } },
      { action: 'key.revoked' },
      { target: 'key_2' },
      { address: null },
      { before: {} },
      { after: { ...ENTRY.after, name: 'other' } },
      { hash: 'f'.repeat(64) },
      { previousHash: 'f'.repeat(64) },
      { sequence: 7 },
    ]
    for (const change of changes) {
      const events = chainOf(4)
      events[2] = { ...events[2]!, ...change }
      const verdict = checkChain(CHAIN_START, events)
      assert(!verdict.intact, JSON.stringify(change))
      assert.equal(verdict.event, events[2].id)
    }
  })

  it('an event taken out, put in or moved shows', () => {
    const events = chainOf(4)
    const [a, b, c, d] = events as [AuditEvent, AuditEvent, AuditEvent, AuditEvent]
    for (const broken of [
      [a, c, d],
      [b, c, d],
      [a, b, b, c],
      [a, c, b, d],
      [appendTo(CHAIN_START, ENTRY, 'evt_x', new Date(1)), b],
    ])
      assert.equal(checkChain(CHAIN_START, broken).intact, false)
  })
})
