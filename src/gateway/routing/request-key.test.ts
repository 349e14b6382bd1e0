import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scanBody } from '../scan-body.ts'
import { conversationKey, prefixKey } from './request-key.ts'

const request = (value: object, salt = 's') => {
  const body = Buffer.from(JSON.stringify({ model: 'm', ...value }))
  return { body, head: scanBody(body), salt }
}
const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })

describe('the key of a request', () => {
  it('is that of its conversation at each turn', () => {
    const turns = [
      [user('first "assistant" words')],
      [user('first "assistant" words'), assistant('answer'), user('more')],
      [user('first "assistant" words'), assistant('answer'), user('more'), assistant('and'), user('so on')],
    ].map((messages) => conversationKey(request({ messages })))
    assert.equal(new Set(turns).size, 1)
    assert.notEqual(turns[0], conversationKey(request({ messages: [user('other words')] })))
  })

  it('tells conversations of one long system prompt apart, and their prefix does not', () => {
    const system = { role: 'system', content: 'rules '.repeat(20_000) }
    const [one, other] = ['one', 'other'].map((words) => request({ messages: [system, user(words)] }))
    assert.notEqual(conversationKey(one!), conversationKey(other!))
    assert.equal(prefixKey(one!), prefixKey(other!))
  })

  it('is another one with another salt, and by what the client offers', () => {
    const messages = [user('hello')]
    const of = (value: object, salt?: string) => prefixKey(request({ messages, ...value }, salt))
    const all = [of({}), of({}, 'other'), of({ prompt_cache_key: 'a' }), of({ user: 'a2' })]
    assert.equal(new Set(all).size, 4)
    assert.equal(of({ prompt_cache_key: 'a', user: 'b' }), of({ prompt_cache_key: 'a', user: 'c' }))
  })

  it('is null where there is no prompt', () => {
    assert.equal(prefixKey(request({ input: ['to embed'] })), null)
    assert.equal(conversationKey(request({})), null)
    assert.notEqual(conversationKey(request({ prompt: 'to complete }' })), null)
  })
})
