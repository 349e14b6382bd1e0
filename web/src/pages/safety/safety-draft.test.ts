import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draftOf, type Safety, wantedOf } from './safety-draft.ts'

const safety = (change: Partial<Safety>): Safety => ({
  project_id: 'proj_1',
  rules: [],
  moderation: { by: null, model: null, flags_controversial: false, requests: false, answers: false },
  image_urls: 'any',
  in_force: true,
  updated_at: null,
  updated_by: null,
  may_change: true,
  ...change,
})

test('what the page has made it reads again, and what came over the API stays as it is', () => {
  const rules: Safety['rules'] = [
    { name: 'Personal data', match: { kind: 'pii', pii: ['email'] }, action: 'mask', applies_to: 'both' },
    { name: 'Keywords', match: { kind: 'keywords', keywords: ['a', 'b c'] }, action: 'block', applies_to: 'both' },
    { name: 'Pattern 1', match: { kind: 'pattern', pattern: 'x+' }, action: 'mask', applies_to: 'both' },
    { name: 'Pattern 2', match: { kind: 'pattern', pattern: 'y' }, action: 'mask', applies_to: 'both' },
    { name: 'TICKET', match: { kind: 'pattern', pattern: 'T-\\d' }, action: 'mask', applies_to: 'answers' },
  ]
  const draft = draftOf(safety({ rules }))
  assert.equal(draft.keywords, 'a\nb c')
  assert.equal(draft.others.length, 1)
  assert.deepEqual(wantedOf(draft).rules, rules)
})

test('what is switched off is not sent, and nobody who moderates judges nothing', () => {
  const moderation = { by: 'model' as const, model: 'guard', flags_controversial: true, requests: true, answers: true }
  const draft = draftOf(safety({ moderation }))
  const wanted = wantedOf({ ...draft, keywords: 'x', moderation: { ...moderation, by: null } })
  assert.deepEqual(wanted.rules, [])
  assert.deepEqual(
    [wanted.moderation.model, wanted.moderation.requests, wanted.moderation.answers],
    [null, false, false],
  )
})
