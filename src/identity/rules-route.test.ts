import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { ACTIONS, type Action, type Holding, RULES } from './rules.ts'
import { type TestInstallation, testInstallation } from './test-installation.ts'

let at: TestInstallation
before(async () => {
  at = await testInstallation()
})
after(() => at.close())

it('anybody reads the table of rules, as it is', async () => {
  const answer = await at.server.inject('/api/rules')
  assert.equal(answer.statusCode, 200, answer.body)
  const expected = ACTIONS.map((action) => {
    const { says, on, who, ownOnly = [] }: { ownOnly?: readonly Holding[] } & (typeof RULES)[Action] = RULES[action]
    return { action, says, on, who, own_only: ownOnly }
  })
  assert.deepEqual(answer.json(), { data: expected })
})
