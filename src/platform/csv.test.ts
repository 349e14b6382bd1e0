import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CsvCell, csvLine } from './csv.ts'

/** A reader after RFC 4180, of one record. */
function cellsIn(line: string): string[] {
  assert.ok(line.endsWith('\r\n'))
  const cells: string[] = []
  let rest = line.slice(0, -2)
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(,|$)/.exec(rest)
    const found = quoted ?? /^([^",\r\n]*)(,|$)/.exec(rest)
    assert.ok(found, `not a record: ${JSON.stringify(rest)}`)
    cells.push(quoted ? quoted[1]!.replaceAll('""', '"') : found[1]!)
    if (found[2] === '') return cells
    rest = rest.slice(found[0].length)
  }
}

test('numbers, truth and nothing are written plainly', () => {
  assert.equal(csvLine([-1, 2.5, true, null, 'a']), '-1,2.5,true,,a\r\n')
})

test('text that a spreadsheet would run is shown instead', () => {
  for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1']) {
    assert.deepEqual(cellsIn(csvLine([formula])), [`'${formula}`])
  }
})

test('whatever text there is, a reader finds it again, and no cell begins a formula', () => {
  const cell: fc.Arbitrary<CsvCell> = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'",\r\n=+-@a') }),
    fc.integer(),
  )
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1 }), (cells) => {
      const read = cellsIn(csvLine(cells))
      assert.deepEqual(
        read.map((text, index) =>
          text.startsWith("'") && !String(cells[index]).startsWith("'") ? text.slice(1) : text,
        ),
        cells.map(String),
      )
      for (const [index, text] of read.entries())
        if (typeof cells[index] === 'string') assert.doesNotMatch(text, /^[=+\-@\t\r]/)
    }),
  )
})
