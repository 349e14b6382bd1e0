import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FairOrder } from './fair-order.ts'

const of = (share: string, name: string) => ({ share, name })
const drain = (order: FairOrder<{ share: string; name: string }>) => {
  const names: string[] = []
  for (let item = order.take(); item !== null; item = order.take()) names.push(item.name)
  return names.join(' ')
}

describe('the order of those who wait', () => {
  it('is one of each share in turn, and first come first served within a share', () => {
    const order = new FairOrder<{ share: string; name: string }>()
    for (const name of ['a1', 'a2', 'a3', 'a4']) order.add(of('a', name))
    order.add(of('b', 'b1'))
    order.add(of('b', 'b2'))
    assert.equal(order.size, 6)
    assert.equal(drain(order), 'a1 b1 a2 b2 a3 a4')
    assert.equal(order.size, 0)
  })

  it('gives nobody who comes late a credit for the time before', () => {
    const order = new FairOrder<{ share: string; name: string }>()
    for (const name of ['a1', 'a2', 'a3', 'a4']) order.add(of('a', name))
    order.take()
    order.take()
    for (const name of ['b1', 'b2', 'b3']) order.add(of('b', name))
    assert.equal(drain(order), 'a3 b1 a4 b2 b3')
  })

  it('puts one that was taken in vain first again', () => {
    const order = new FairOrder<{ share: string; name: string }>()
    for (const name of ['a1', 'a2']) order.add(of('a', name))
    order.add(of('b', 'b1'))
    const first = order.take()
    assert.equal(first?.name, 'a1')
    order.giveBack(first)
    assert.equal(drain(order), 'a1 b1 a2')
  })

  it('forgets who leaves', () => {
    const order = new FairOrder<{ share: string; name: string }>()
    const one = of('a', 'a1')
    order.add(one)
    order.add(of('b', 'b1'))
    assert.equal(order.remove(one), true)
    assert.equal(order.remove(one), false)
    assert.equal(drain(order), 'b1')
  })
})
