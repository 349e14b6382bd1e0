import assert from 'node:assert/strict'
import { it } from 'node:test'
import { emptyRoute, msIn, partOf, shareIn, targetOf, tierOf, typedRoute, wantedOf } from './route-form.ts'

it('makes of what was typed what the server takes, and back', () => {
  const form = {
    ...emptyRoute('small'),
    name: 'chat',
    tiers: [tierOf(targetOf('small', '95'), targetOf('large', '5')), tierOf(targetOf('vendor/one'))],
    firstToken: '1.5',
    shadow: 'large',
    share: '2.5',
  }
  const wanted = wantedOf(form)
  assert.deepEqual(wanted, {
    enabled: true,
    tiers: [
      {
        targets: [
          { model: 'small', weight: 95 },
          { model: 'large', weight: 5 },
        ],
      },
      { targets: [{ model: 'vendor/one', weight: 100 }] },
    ],
    retries: 2,
    first_token_ms: 1_500,
    silence_ms: null,
    shadow: { model: 'large', share: 0.025 },
  })
  const standing = { state: 'ready' as const, draining: false, breaker: null }
  const route = {
    ...{ name: 'chat', enabled: true, retries: 2, first_token_ms: 1_500, silence_ms: null, warnings: [] },
    tiers: wanted!.tiers.map(({ targets }) => ({ targets: targets.map((target) => ({ ...target, ...standing })) })),
    shadow: { model: 'large', share: 0.025, ...standing },
    ...{ created_at: '', updated_at: '', updated_by: 'machine', updated_by_name: null },
  }
  assert.deepEqual(wantedOf(typedRoute(route)), wanted)
})

it('makes nothing of what is no number, and says what part a weight is', () => {
  const form = emptyRoute('small')
  for (const wrong of [
    { retries: '11' },
    { firstToken: '0' },
    { silence: 'long' },
    { shadow: 'x', share: '101' },
    { tiers: [tierOf(targetOf('', '1'))] },
    { tiers: [tierOf(targetOf('a', '-1'))] },
  ])
    assert.equal(wantedOf({ ...form, ...wrong }), null, JSON.stringify(wrong))
  assert.deepEqual([msIn(''), msIn('2'), msIn('601'), shareIn('0'), shareIn('50')], [null, 2_000, undefined, null, 0.5])
  const tier = [{ weight: '95' }, { weight: '5' }]
  assert.deepEqual([partOf('5', tier), partOf('x', tier), partOf('0', [{ weight: '0' }])], [0.05, null, null])
})
