import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sql } from 'drizzle-orm'
import { scratchDatabase } from './database/scratch.ts'
import { AppError } from './errors.ts'
import { createServer } from './http.ts'
import { createLog, type Log } from './log.ts'

/** A log, and what it has written so far. */
function recordedLog(): { log: Log; lines: () => Record<string, unknown>[]; text: () => string } {
  const written: string[] = []
  const log = createLog('test', 'trace', { write: (line) => written.push(line) })
  return { log, text: () => written.join(''), lines: () => written.map((line) => JSON.parse(line)) }
}

const PASSWORD = 'correct horse battery staple'
const PROMPT = 'my doctor says that I have'
const COOKIE = 'mJ8sQ2fV9mN3xR7c.signature'

describe('secrets and prompts never reach the log', () => {
  const secret = 'sk-tw-6Zq0w1hY4kB8sT2fV9mN3xR7cJ5dL0pG1aE8uI4oQ2y0Fq3Zb'
  const carriers: [name: string, write: (log: Log) => void][] = [
    [
      'headers of a request',
      (log) =>
        log.info(
          { headers: { Authorization: `Bearer ${secret}`, cookie: `a=1; s=${COOKIE}`, 'x-api-key': secret } },
          'x',
        ),
    ],
    [
      'headers, five levels down',
      (log) => log.info({ a: { b: { c: { d: { e: { 'Set-Cookie': [`s=${COOKIE}`] } } } } } }, 'x'),
    ],
    ['a key within the message', (log) => log.warn(`the key ${secret} was refused`)],
    ['a key within a text, within a list', (log) => log.warn({ seen: [`Authorization: Bearer ${secret}`] }, 'x')],
    [
      'a key in what a child logger was made with',
      (log) => log.child({ caller: secret, authorization: `Bearer ${secret}` }).info('x'),
    ],
    ['a session cookie within a text', (log) => log.info({ header: `tradewind.session_token=${COOKIE}; Path=/` }, 'x')],
    ['a prompt as a field', (log) => log.info({ prompt: PROMPT, messages: [{ role: 'user', content: PROMPT }] }, 'x')],
    [
      'a prompt in a body, kept as JSON text',
      (log) => log.info({ body: JSON.stringify({ messages: [{ content: PROMPT }] }) }, 'x'),
    ],
    ['a prompt in the words of JSON.parse', (log) => log.error({ err: thrown(() => JSON.parse(PROMPT)) }, 'x')],
    [
      'a prompt in the words of JSON.parse, as a cause',
      (log) => log.error(new Error('no body', { cause: thrown(() => JSON.parse(PROMPT)) })),
    ],
    [
      'a password in a form',
      (log) => log.info({ form: { password: PASSWORD, newPassword: PASSWORD, new_password: PASSWORD } }, 'x'),
    ],
    ['a password in an address', (log) => log.info({ url: `postgres://me:${PASSWORD.replaceAll(' ', '')}@db/x` }, 'x')],
    [
      'an error with fields of its own',
      (log) =>
        log.error({ err: Object.assign(new Error('x'), { params: [PASSWORD], headers: { cookie: COOKIE } }) }, 'x'),
    ],
    ['the data of an AppError', (log) => log.error(new AppError({ body: PROMPT, password: PASSWORD }), 'x')],
  ]
  for (const [name, write] of carriers) {
    it(`as ${name}`, () => {
      const { log, text, lines } = recordedLog()
      write(log)
      assert.equal(lines().length, 1, 'the event itself is still told')
      for (const hidden of [secret, secret.slice(6), COOKIE, PROMPT, PASSWORD, PASSWORD.replaceAll(' ', '')])
        assert.ok(!text().includes(hidden), `${hidden} is in: ${text()}`)
    })
  }

  it('while what is no secret stays', () => {
    const { log, lines } = recordedLog()
    log
      .child({ part: 'http' })
      .info(
        { requestId: 'req_1', keyId: 'key_1', ms: 1.5, tokens: 12, route: '/v1/completions', token: null },
        'answered',
      )
    const [{ time: _time, ...line }] = lines() as [Record<string, unknown>]
    assert.deepEqual(line, {
      level: 'info',
      process: 'test',
      part: 'http',
      requestId: 'req_1',
      keyId: 'key_1',
      ms: 1.5,
      tokens: 12,
      route: '/v1/completions',
      token: null,
      msg: 'answered',
    })
  })
})

describe('a failed query', () => {
  const email = 'ada@example.org'

  it('is logged with its SQL and its cause, without a value', async () => {
    const database = await scratchDatabase()
    const { log, lines, text } = recordedLog()
    try {
      const error = await database.db.execute(sql`select ${email}::integer`).then(
        () => null,
        (failed: unknown) => failed,
      )
      assert.match(
        (error as Error).message,
        /params: ada@example.org/,
        'Drizzle prints parameters, which is why this test is here',
      )
      log.error(
        {
          err: Object.assign(error as Error, {
            cause: Object.assign(new Error('duplicate key'), {
              code: '23505',
              detail: `Key (email)=(${email}) already exists.`,
            }),
          }),
        },
        'a request failed',
      )
    } finally {
      await database.close()
    }
    assert.ok(!text().includes(email), text())
    const err = lines()[0]?.err as { message: string; stack: string; cause: { code: string } }
    assert.match(err.message, /^Failed query: select \$1::integer$/)
    assert.match(err.stack, /log\.test\.ts/)
    assert.equal(err.cause.code, '23505')
  })

  it('in a route is logged by the server in the same way, and tells the client nothing', async () => {
    const database = await scratchDatabase()
    const { log, text, lines } = recordedLog()
    const server = await createServer({ log, version: '0', publicUrl: 'http://localhost' })
    server.get('/broken', async () => database.db.execute(sql`select ${email} from no_such_table`))
    try {
      const answer = await server.inject({
        method: 'GET',
        url: '/broken',
        headers: { cookie: COOKIE, authorization: `Bearer ${COOKIE}` },
      })
      assert.equal(answer.statusCode, 500)
      assert.ok(!answer.body.includes(email) && !answer.body.includes('no_such_table'), answer.body)
    } finally {
      await server.close()
      await database.close()
    }
    assert.equal(lines().filter((line) => line.level === 'error').length, 1)
    assert.match(text(), /no_such_table/)
    for (const hidden of [email, COOKIE]) assert.ok(!text().includes(hidden), text())
  })
})

it('a stack keeps its places though the message holds line breaks that look like them', () => {
  const { log, lines } = recordedLog()
  log.error({ err: Object.assign(new Error(`Failed query: x\nparams: a\n    at ${PASSWORD}`), { query: 'x' }) }, 'x')
  const { stack } = lines()[0]!.err as { stack: string }
  assert.ok(!stack.includes(PASSWORD), stack)
  assert.match(stack, /log\.test\.ts/)
})

function thrown(work: () => unknown): unknown {
  try {
    return assert.fail(String(work()))
  } catch (error) {
    return error
  }
}
