import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sayProblem } from './form-problem.ts'
import { checkSetupForm, passwordProblem } from './setup-form.ts'

describe('set-up form', () => {
  it('a good form has no problems, names are trimmed and the address is in small letters', () => {
    const { form, problems } = checkSetupForm({
      name: ' Ada ',
      email: ' Ada@Example.com',
      password: ' twelve chars ',
      organization: 'Kestrel Labs ',
    })
    assert.deepEqual(problems, {})
    assert.deepEqual(form, {
      name: 'Ada',
      email: 'ada@example.com',
      password: ' twelve chars ',
      organization: 'Kestrel Labs',
    })
  })

  it('every problem is named at once, at its field', () => {
    const { problems } = checkSetupForm({ name: ' ', email: 'ada', password: 'short' })
    assert.deepEqual(Object.keys(problems), ['name', 'email', 'password', 'organization'])
    assert.equal(problems.password && sayProblem(problems.password), 'Use at least 12 characters; these are 5.')
  })

  it('passwords that anybody would try are refused', () => {
    assert.equal(passwordProblem('correct horse', 'ada@example.com'), null)
    for (const password of ['aaaaaaaaaaaaaaa', 'ada@example.com', 'x'.repeat(129), ''])
      assert.notEqual(passwordProblem(password, 'ada@example.com'), null)
  })

  it('what is no address is refused', () => {
    for (const email of ['a@b', 'a b@c.de', '@c.de', 'a@c.de,b@c.de', 'a@-c.de', `${'a'.repeat(250)}@c.de`, '<a@c.de>'])
      assert.notEqual(checkSetupForm({ email }).problems.email, undefined, email)
    assert.equal(checkSetupForm({ email: "o'neil+x_1@mail.example.co.uk" }).problems.email, undefined)
  })
})
