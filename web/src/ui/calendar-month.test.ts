import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addMonths, dayAfterKey, weeksOf } from './calendar-month.ts'

describe('a month of a calendar', () => {
  it('has whole weeks from Monday on, with its own days once each', () => {
    for (let month = 0; month < 24; month++) {
      const weeks = weeksOf(2026, month)
      assert.ok(weeks.every((week) => week.length === 7 && week[0]?.getDay() === 1))
      const own = weeks.flat().filter((day) => day.getMonth() === month % 12)
      assert.equal(own.length, new Date(2026, month + 1, 0).getDate())
      assert.equal(new Set(weeks.flat().map((day) => day.getTime())).size, weeks.length * 7)
    }
  })

  it('keeps the day of the month, or takes the last', () => {
    assert.deepEqual(addMonths(new Date(2026, 0, 31), 1), new Date(2026, 1, 28))
    assert.deepEqual(addMonths(new Date(2026, 2, 15), -3), new Date(2025, 11, 15))
  })

  it('is walked with the keyboard', () => {
    const tuesday = new Date(2026, 10, 24)
    assert.deepEqual(dayAfterKey(tuesday, 'ArrowUp'), new Date(2026, 10, 17))
    assert.deepEqual(dayAfterKey(tuesday, 'Home'), new Date(2026, 10, 23))
    assert.deepEqual(dayAfterKey(tuesday, 'End'), new Date(2026, 10, 29))
    assert.deepEqual(dayAfterKey(tuesday, 'PageDown'), new Date(2026, 11, 24))
    assert.equal(dayAfterKey(tuesday, 'Enter'), null)
  })
})
