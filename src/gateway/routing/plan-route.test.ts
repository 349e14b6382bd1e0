import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { localReplica, routeOf } from '../control-stand-in.ts'
import { chooseReplica, loadMax, orderTargets, type Target } from './plan-route.ts'

const leaf = (model: string) => routeOf(model, [])
const target = (model: string, weight: number): Target => ({ leaf: leaf(model), weight })
const key = fc.nat(2 ** 32 - 1)
const tiersOf = fc.array(fc.array(fc.tuple(fc.constantFrom(...'abcdefgh'), fc.nat(3)), { minLength: 1 }), {
  minLength: 1,
  maxLength: 4,
})
const leaves = new Map([...'abcdefgh'].map((name) => [name, leaf(name)]))
const replicasOf = (count: number) => Array.from({ length: count }, (_, at) => localReplica(`eng_${at}`, '/x'))
/** Keys as hashes give them. */
const keys = (count: number) => Array.from({ length: count }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 0)

describe('the order of models', () => {
  it('holds each model of a weight above 0 once, tiers one after the other, and is the same for the same key', () => {
    fc.assert(
      fc.property(tiersOf, key, (named, key) => {
        const tiers = named.map((tier) => tier.map(([name, weight]) => ({ leaf: leaves.get(name)!, weight })))
        const order = orderTargets(tiers, key)
        assert.deepEqual(orderTargets(tiers, key), order)
        assert.equal(new Set(order).size, order.length)
        const wanted = tiers.flatMap((tier) => tier.flatMap(({ leaf, weight }) => (weight > 0 ? [leaf] : [])))
        assert.deepEqual(new Set(order), new Set(wanted))
        const tierOf = (one: (typeof order)[0]) =>
          tiers.findIndex((tier) => tier.some(({ leaf, weight }) => leaf === one && weight > 0))
        for (let at = 1; at < order.length; at++) assert.ok(tierOf(order[at - 1]!) <= tierOf(order[at]!))
      }),
    )
  })

  it('gives each model its share: of 20,000 keys, a canary of 5 % gets between 4 and 6 %', () => {
    const tier = [[target('stable', 95), target('canary', 5)]]
    const asked = keys(20_000).filter((key) => orderTargets(tier, key)[0]?.model === 'canary').length
    assert.ok(asked > 800 && asked < 1_200, `${asked} of 20,000`)
  })

  it('moves only keys towards what got more weight', () => {
    const before = [[target('stable', 95), target('canary', 5)]]
    const after = [[target('stable', 80), target('canary', 20)]]
    for (const key of keys(5_000))
      if (orderTargets(before, key)[0]?.model === 'canary') assert.equal(orderTargets(after, key)[0]?.model, 'canary')
  })
})

describe('the choice among replicas', () => {
  it('is the same for the same beginning, and spreads different ones evenly', () => {
    const replicas = replicasOf(4)
    const counts = new Map<string, number>()
    for (const key of keys(8_000)) {
      const chosen = chooseReplica(replicas, () => 0, key, 0)!
      assert.equal(
        chooseReplica([...replicas].reverse(), () => 0, key, 7),
        chosen,
      )
      counts.set(chosen.engineId, (counts.get(chosen.engineId) ?? 0) + 1)
    }
    for (const count of counts.values()) assert.ok(count > 1_800 && count < 2_200, [...counts.values()].join(' '))
  })

  it('stays where it was for keys whose replica is still there', () => {
    const [gone, ...rest] = replicasOf(5)
    for (const key of keys(1_000)) {
      const before = chooseReplica([gone!, ...rest], () => 0, key, 0)
      if (before !== gone)
        assert.equal(
          chooseReplica(rest, () => 0, key, 0),
          before,
        )
    }
  })

  it('always gives one, and none that holds more than its bound, however the keys fall', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.array(fc.option(fc.nat(3)), { maxLength: 120 }),
        (count, asked) => {
          const replicas = replicasOf(count)
          const loads = new Map<string, number>()
          const loadOf = ({ engineId }: { engineId: string }) => loads.get(engineId) ?? 0
          for (const [at, key] of asked.entries()) {
            const chosen = chooseReplica(replicas, loadOf, key, at)
            assert.ok(chosen)
            loads.set(chosen.engineId, loadOf(chosen) + 1)
            const keyed = asked.slice(0, at + 1).every((one) => one !== null)
            if (keyed) assert.ok(loadOf(chosen) <= loadMax(at, count), `${loadOf(chosen)} of ${at + 1}`)
          }
        },
      ),
    )
  })

  it('without a key is the least loaded, and equals take turns', () => {
    const replicas = replicasOf(3)
    const load: Record<string, number> = { eng_0: 2, eng_1: 1, eng_2: 3 }
    for (let turn = 0; turn < 4; turn++)
      assert.equal(chooseReplica(replicas, ({ engineId }) => load[engineId] ?? 0, null, turn)?.engineId, 'eng_1')
    const order = [0, 1, 2, 3].map((turn) => chooseReplica(replicas, () => 0, null, turn)?.engineId)
    assert.deepEqual(order, ['eng_0', 'eng_1', 'eng_2', 'eng_0'])
    assert.equal(
      chooseReplica([], () => 0, null, 5),
      null,
    )
  })
})
