import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createLineChecks, LINES_MAX } from './check-lines.ts'
import { readLines } from './read-lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'tw-lines-'))
after(() => rmSync(folder, { recursive: true }))

const ENDPOINT = '/v1/chat/completions'

function line(customId: unknown, more: object = {}): string {
  return JSON.stringify({ custom_id: customId, method: 'POST', url: ENDPOINT, body: { model: 'm' }, ...more })
}

async function check(text: string | Buffer) {
  const path = join(folder, 'input')
  writeFileSync(path, text)
  const checks = createLineChecks(ENDPOINT)
  for await (const one of readLines(path, 1_000)) if (!checks.check(one)) break
  return checks.end()
}

const codes = async (...lines: string[]) =>
  (await check(lines.join('\n'))).problems.map(({ code, line }) => [line, code])

describe('lines of a batch', () => {
  it('are counted and name one model, whatever ends them, and empty ones are passed over', async () => {
    const { linesTotal, model, problems } = await check(`${line('a')}\r\n\n  \n${line('b')}\n${line('c')}`)
    assert.deepEqual({ linesTotal, model, problems }, { linesTotal: 3, model: 'm', problems: [] })
  })

  it('are told of by their number in the file', async () => {
    assert.deepEqual(await codes(line('a'), '', 'nothing', '[]', line('a'), line(7)), [
      [3, 'invalid_json_line'],
      [4, 'invalid_json_line'],
      [5, 'duplicate_custom_id'],
      [6, 'missing_required_parameter'],
    ])
  })

  it('are refused for another method, address, model or shape than a batch has', async () => {
    assert.deepEqual(
      await codes(
        line('a'),
        line('b', { method: 'GET' }),
        line('c', { url: '/v1/embeddings' }),
        line('d', { body: { model: 'n' } }),
        line('e', { body: {} }),
        line('f', { body: [] }),
        line('g', { body: { model: 'm', stream: true } }),
        line('x'.repeat(513)),
        line('y'.repeat(2_000)),
      ),
      [
        [2, 'invalid_method'],
        [3, 'invalid_url'],
        [4, 'mismatched_model'],
        [5, 'missing_required_parameter'],
        [6, 'missing_required_parameter'],
        [7, 'stream_unsupported'],
        [8, 'invalid_custom_id'],
        [9, 'line_too_long'],
      ],
    )
  })

  it('that are not UTF-8 are no JSON', async () => {
    const { problems } = await check(Buffer.from(line('ä'), 'latin1'))
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['invalid_json_line'],
    )
  })

  it('may not be none, nor too many, and a hundred mistakes are enough', async () => {
    assert.deepEqual(await codes('', ' '), [[null, 'empty_file']])
    assert.equal((await codes(...Array.from({ length: 500 }, () => 'x'))).length, 100)
    const checks = createLineChecks(ENDPOINT)
    const bytesOf = (number: number) => Buffer.from(line(String(number)))
    let goesOn = true
    for (let number = 1; number <= LINES_MAX; number++) goesOn &&= checks.check({ number, bytes: bytesOf(number) })
    assert.equal(goesOn, true)
    assert.equal(checks.check({ number: LINES_MAX + 1, bytes: bytesOf(0) }), false)
    assert.equal(checks.end().problems[0]?.code, 'too_many_tasks')
  })
})
