import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FitOnWire, SpeedOnWire } from '../../../../src/deployments/schema.ts'
import { bestFile } from './best-file.ts'

const file = (quantisation: string, bytes: number, verdict: FitOnWire['verdict'] | null, speed = 1, here = false) => ({
  quantisation,
  bytes,
  here,
  fit: verdict && ({ verdict } as FitOnWire),
  speed: { tokens_per_second: speed } as SpeedOnWire,
})

test('the largest quick file that fits is proposed, else Q4_K_M, else the smallest', () => {
  const name = (files: ReturnType<typeof file>[]) => bestFile(files)?.quantisation ?? null
  assert.equal(name([file('Q4_K_M', 2, 'fits', 30), file('Q8_0', 4, 'fits', 15), file('BF16', 8, 'fits', 6)]), 'Q8_0')
  assert.equal(name([file('Q2_K', 1, 'fits'), file('Q4_K_M', 2, 'fits'), file('BF16', 8, 'fits')]), 'Q4_K_M')
  assert.equal(name([file('Q8_0', 4, 'does-not-fit'), file('Q2_K', 1, 'tight')]), 'Q2_K')
  assert.equal(name([file('Q8_0', 4, 'fits', 20, true), file('BF16', 8, null)]), 'BF16')
  assert.equal(name([file('Q8_0', 4, 'fits', 20, true)]), 'Q8_0')
  assert.equal(name([]), null)
})
