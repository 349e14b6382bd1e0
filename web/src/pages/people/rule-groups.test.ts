import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ACTIONS, RULES } from '../../../../src/identity/rules.ts'
import { groupOf, RULE_GROUPS, verdictOf } from './rule-groups.ts'
import zh from './rules.zh.json' with { type: 'json' }

it('each action has a group, each group has actions, and what reaches an organisation is not about the installation', () => {
  const groups = new Map(ACTIONS.map((action) => [action, groupOf(action)]))
  assert.deepEqual([...new Set(groups.values())].sort(), [...RULE_GROUPS].sort())
  for (const [action, group] of groups) if (RULES[action].on === 'organization') assert.notEqual(group, 'installation')
})

it('a rule that holds for one’s own things alone is neither yes nor no', () => {
  const rule = { who: ['owner'], own_only: ['developer'] }
  assert.deepEqual(
    ['owner', 'developer', 'viewer'].map((role) => verdictOf(rule, role)),
    ['yes', 'own', 'no'],
  )
})

it('each action is said in Chinese, and nothing that is gone', () => {
  assert.deepEqual(Object.keys(zh).sort(), [...ACTIONS].sort())
})
