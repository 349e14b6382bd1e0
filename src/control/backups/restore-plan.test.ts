import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import {
  carryOutPlan,
  type RestorePlaces,
  type RestorePlan,
  readPlan,
  restorePlacesIn,
  undoSwap,
  writePlan,
} from './restore-plan.ts'

const scratch = mkdtempSync(join(tmpdir(), 'tradewind-restore-'))
after(() => rmSync(scratch, { recursive: true }))
const now = new Date('2026-11-24T12:00:00Z')
const broken = { code: 'operations.backup_damaged', message: 'It does not open.' }
let count = 0

/** A folder whose database is `old`, with `new` waiting to take its place. */
function planned(state: RestorePlan['state']): RestorePlaces {
  const root = join(scratch, String(++count))
  const places = restorePlacesIn({ root, database: join(root, 'database') })
  for (const [path, holds] of [
    [places.database, 'old'],
    [places.unpacked, 'new'],
  ] as const) {
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'PG_VERSION'), holds)
  }
  writePlan(places, {
    state,
    backup: 'tradewind-20261124-084316',
    backupMadeAt: '2026-11-24T08:43:16.000Z',
    by: { id: 'usr_1', name: 'Ada' },
    actor: { kind: 'person', id: 'usr_1' },
    address: null,
    startedAt: '2026-11-24T11:59:00.000Z',
    endedAt: null,
    safetyCopy: 'tradewind-20261124-115900',
    error: null,
  })
  return places
}

const holds = (path: string) => (existsSync(path) ? readFileSync(join(path, 'PG_VERSION'), 'utf8') : null)
const stateIn = (places: RestorePlaces) => readPlan(places)?.state

describe('a planned swap', () => {
  it('is carried out once, whatever moment an earlier try was ended at', () => {
    const endedAfter: ((places: RestorePlaces) => void)[] = [
      () => undefined,
      (places) => renameSync(places.database, places.replaced),
      (places) => {
        renameSync(places.database, places.replaced)
        renameSync(places.unpacked, places.database)
      },
    ]
    for (const [at, end] of endedAfter.entries()) {
      const places = planned('swapping')
      end(places)
      assert.equal(carryOutPlan(places, now), true, String(at))
      assert.deepEqual([holds(places.database), holds(places.replaced), stateIn(places)], ['new', 'old', 'opening'])
      assert.equal(carryOutPlan(places, now), true, 'it is still to be opened')
      assert.equal(holds(places.database), 'new')
    }
  })

  it('that is not yet due, or is over, moves nothing', () => {
    for (const state of ['checking', 'saving', 'done', 'failed'] as const) {
      const places = planned(state)
      assert.equal(carryOutPlan(places, now), false)
      assert.deepEqual([holds(places.database), stateIn(places)], ['old', state])
    }
    const nothing = restorePlacesIn({ root: join(scratch, 'none'), database: join(scratch, 'none/database') })
    assert.equal(carryOutPlan(nothing, now), false)
  })

  it('is undone where what it put in place does not open, whatever moment the undoing was ended at', () => {
    const places = planned('swapping')
    carryOutPlan(places, now)
    undoSwap(places, broken, now)
    assert.deepEqual([holds(places.database), holds(places.replaced)], ['old', null])
    assert.deepEqual([stateIn(places), readPlan(places)?.error], ['failed', broken])

    const half = planned('swapping')
    carryOutPlan(half, now)
    writePlan(half, { ...readPlan(half)!, state: 'undoing', error: broken })
    rmSync(half.database, { recursive: true })
    assert.equal(carryOutPlan(half, now), false)
    assert.deepEqual([holds(half.database), stateIn(half)], ['old', 'failed'])

    const nearly = planned('undoing')
    assert.equal(carryOutPlan(nearly, now), false)
    assert.deepEqual([holds(nearly.database), stateIn(nearly)], ['old', 'failed'])
  })

  it('that a full disk cut in writing is no plan', () => {
    const places = planned('swapping')
    writeFileSync(places.plan, readFileSync(places.plan, 'utf8').slice(0, 40))
    assert.equal(carryOutPlan(places, now), false)
    assert.equal(holds(places.database), 'old')
  })
})
