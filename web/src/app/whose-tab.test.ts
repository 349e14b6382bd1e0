import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'

/** As a browser's: what is kept are its own properties. */
const storage = Object.create({
  setItem(name: string, text: string) {
    storage[name] = text
  },
  getItem: (name: string) => storage[name] ?? null,
  removeItem(name: string) {
    delete storage[name]
  },
}) as Record<string, string>
Object.assign(globalThis, { sessionStorage: storage })

const { forgetOwner, keepMine, keptMine, tabIsOf } = await import('./whose-tab.ts')

describe('a tab', () => {
  beforeEach(() => {
    forgetOwner()
    for (const name of Object.keys(storage)) delete storage[name]
  })

  it('gives its person back what it keeps, after a reload too', () => {
    assert.equal(tabIsOf('p1'), false)
    keepMine('draft', 'a secret plan')
    assert.equal(tabIsOf('p1'), false)
    assert.equal(keptMine('draft'), 'a secret plan')
  })

  it('keeps nothing of who signed out, nor what their page still writes while it is left', () => {
    tabIsOf('p1')
    keepMine('draft', 'a secret plan')
    forgetOwner()
    keepMine('draft', 'a secret plan')
    assert.deepEqual(Object.keys(storage), [])
  })

  it('keeps nothing of one person when another one comes, and says that its memory is the former’s', () => {
    tabIsOf('p1')
    keepMine('draft', 'a secret plan')
    assert.equal(tabIsOf('p2'), true)
    keepMine('draft', 'a secret plan')
    assert.equal(keptMine('draft'), null)
    assert.deepEqual(Object.keys(storage), [])
  })

  it('leaves alone what is no work of anybody', () => {
    storage['theme.of.the.page'] = 'dark'
    tabIsOf('p1')
    forgetOwner()
    assert.deepEqual(storage, { 'theme.of.the.page': 'dark' })
  })
})
