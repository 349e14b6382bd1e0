/**
 * Requests as an attacker, a broken proxy or a bad day would send them: each kind makes one connection's bytes from a right
 * request. What they have in common is that none may cost more than itself.
 */
import { anyPlain, anyWithBody, type PlainRequest, wireOf } from './plain-requests.ts'
import type { Random } from './random.ts'

export type Attempt = {
  /** Written one after the other, `pauseMs` apart. */
  parts: Buffer[]
  pauseMs?: number
  /** Answers that may come. More would mean that something was taken for a request that is none. */
  answersMax: number
  /** A text that stands in no answer, unless a part of the body was taken for a request. */
  mustNotSay?: string
  /** Longest wait for an answer, where it is unclear whether there is a whole request. */
  patienceMs?: number
  /** Reading begins only after this. */
  deafMs?: number
}

/** Time enough for an answer from memory. */
const UNCLEAR_MS = 50
const INNER = 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n'
const INNER_ANSWER = '{"status":"ok"}'

type Kind = (random: Random, key: string) => Attempt

export const KINDS: Record<string, Kind> = {
  'a right request': (random, key) => once(wireOf(anyPlain(random), key)),

  'a field of the body is something else': (random, key) => {
    const { body, ...rest } = anyWithBody(random)
    return once(wireOf({ ...rest, body: withAnother(body, random) }, key))
  },

  'bytes of the body are changed': (random, key) => {
    const plain = anyWithBody(random)
    return once(wireOf(plain, key, mutated(Buffer.from(JSON.stringify(plain.body)), random)))
  },

  'bytes of the whole request are changed': (random, key) => ({
    parts: [mutated(wireOf(anyPlain(random), key), random)],
    patienceMs: UNCLEAR_MS,
    answersMax: 9, // empty lines may have come to stand in the middle
  }),

  'the body is bad UTF-8': (random, key) => {
    const plain = anyWithBody(random)
    const text = JSON.stringify(plain.body)
    const at = text.indexOf('"', random.between(1, text.length - 2)) + 1
    const bad = random.oneOf(['\xff\xfe', '\xc0\xaf', '\xed\xa0\x80', '\xf5\x80\x80\x80', '\xc3'])
    return once(wireOf(plain, key, Buffer.from(text.slice(0, at) + bad + text.slice(at), 'latin1')))
  },

  'the body is nested deeply': (random, key) => {
    const depth = random.oneOf([100, 5_000, 100_000])
    const [open, shut] = random.oneOf([
      ['[', ']'],
      ['{"a":', '}'],
    ] as const)
    const inner = open.repeat(depth) + (open === '[' ? '' : '1') + shut.repeat(depth)
    const field = random.oneOf(['messages', 'input', 'tools', 'response_format', 'metadata', 'extra'])
    const plain = anyWithBody(random)
    return once(wireOf(plain, key, Buffer.from(`{"${field}":${inner},${JSON.stringify(plain.body).slice(1)}`)))
  },

  'lengths twice, both ways': (random, key) => {
    const plain = anyWithBody(random)
    const body = JSON.stringify(plain.body)
    const lengths = random.oneOf([
      `content-length: ${body.length}\r\ntransfer-encoding: chunked\r\n`,
      `transfer-encoding: chunked\r\ncontent-length: 4\r\n`,
      `content-length: ${body.length}\r\ncontent-length: ${body.length + INNER.length}\r\n`,
      `content-length: 0\r\ncontent-length: ${body.length}\r\n`,
      `content-length: ${body.length}, ${body.length}\r\n`,
      'transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n',
      'transfer-encoding: xchunked\r\n',
      'transfer-encoding : chunked\r\n',
      ' transfer-encoding: chunked\r\n',
      'x: y\r\n transfer-encoding: chunked\r\n',
      'transfer-encoding:\x0bchunked\r\n',
      'transfer-encoding: chunked, identity\r\n',
      'content-length: +5\r\n',
      'content-length: 0x10\r\n',
      'content-length: -1\r\n',
      'content-length: 1e2\r\n',
    ])
    const head = `POST ${plain.path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n${lengths}\r\n`
    // Where the length is none, what follows the head may be refused as a request of its own.
    return {
      parts: [Buffer.from(`${head}0\r\n\r\n${INNER}`, 'latin1')],
      patienceMs: UNCLEAR_MS,
      answersMax: 2,
      mustNotSay: INNER_ANSWER,
    }
  },

  'chunks that are none': (random, key) => {
    const plain = anyWithBody(random)
    const body = JSON.stringify(plain.body)
    const size = body.length.toString(16)
    const chunks = random.oneOf([
      `${size}\r\n${body}\r\n0\r\n\r\n`,
      `${size};a=b;${'c'.repeat(random.between(0, 20_000))}\r\n${body}\r\n0\r\n\r\n`,
      `${size}\n${body}\n0\n\n`,
      `0${size}\r\n${body}\r\n0\r\nx-trailer: ${'y'.repeat(random.between(0, 40_000))}\r\n\r\n`,
      `-${size}\r\n${body}\r\n0\r\n\r\n`,
      `ffffffffffffffff1\r\n${body}\r\n0\r\n\r\n`,
      `${size}\r\n${body}`,
      `${size}\r\n${body}XX0\r\n\r\n`,
      `g\r\n${body}\r\n0\r\n\r\n`,
      `\r\n\r\n${size}\r\n${body}\r\n0\r\n\r\n`,
    ])
    const head = `POST ${plain.path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ntransfer-encoding: chunked\r\n\r\n`
    return { parts: [Buffer.from(head + chunks)], patienceMs: UNCLEAR_MS, answersMax: 1 }
  },

  'headers without an end': (random, key) => {
    const many = random.share() < 0.5
    const headers = many
      ? Array.from({ length: random.between(90, 3_000) }, (_, at) => `x-${at}: ${at}\r\n`).join('')
      : `x-long: ${'a'.repeat(random.oneOf([1_000, 33_000, 300_000]))}\r\n`
    const plain = wireOf(anyPlain(random), key)
    const end = plain.indexOf('\r\n') + 2
    return once(Buffer.concat([plain.subarray(0, end), Buffer.from(headers), plain.subarray(end)]))
  },

  'numbers that are absurd': (random, key) => {
    const plain = anyWithBody(random)
    const number = random.oneOf([
      '-1',
      '1e400',
      '-1e400',
      '0.1',
      '9007199254740993',
      '1e-400',
      '18446744073709551616',
      '-0',
    ])
    const field = random.oneOf([
      ...[
        'max_tokens',
        'max_completion_tokens',
        'max_output_tokens',
        'n',
        'temperature',
        'top_p',
        'top_k',
        'seed',
        'logprobs',
      ],
      ...['top_logprobs', 'presence_penalty', 'dimensions', 'best_of', 'min_p', 'keep_alive'],
    ])
    return once(wireOf(plain, key, Buffer.from(`{"${field}":${number},${JSON.stringify(plain.body).slice(1)}`)))
  },

  'paths and methods that are none': (random, key) => {
    const path = random.oneOf([
      ...[
        '//',
        '/../../etc/passwd',
        '/%00',
        '/%ff%fe',
        '/v1/models/%2e%2e%2f',
        '/v1//chat/completions',
        '*',
        'http://',
        '/?'.repeat(3_000),
      ],
      ...[
        '/v1/models/\u0000',
        `/v1/models/${'a'.repeat(9_000)}`,
        '/api/%',
        '/v1/files/../../api/keys',
        '/v1/responses/%00/input_items',
      ],
      ...[
        '/api/requests/%00',
        '/api/requests?limit=1e9',
        '/api/requests?after=%00',
        '/api/keys?after=req_zzzz',
        '/assets/%2e%2e/%2e%2e/package.json',
      ],
    ])
    const method = random.oneOf([
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'HEAD',
      'OPTIONS',
      'TRACE',
      'CONNECT',
      'BREW',
      'get',
    ])
    const bytes = wireOf({ method, path, ...(method === 'POST' ? { body: { model: 'tiny' } } : {}) }, key)
    return { ...once(bytes), patienceMs: UNCLEAR_MS } // HEAD has no body, and CONNECT no end
  },

  'keys that are none': (random, key) => {
    const bad = random.oneOf([
      '',
      ' ',
      `${key}x`,
      key.slice(0, -1),
      key.toUpperCase(),
      'a'.repeat(20_000),
      '\xff\xfe',
      `${key} ${key}`,
    ])
    return once(wireOf(anyPlain(random), bad))
  },

  'a body far larger or smaller than its length': (random, key) => {
    const plain = anyWithBody(random)
    const body = JSON.stringify(plain.body)
    const length = String(random.oneOf([0, 1, body.length - 1, body.length + 1, 10_000, 33_554_433, 2 ** 53]))
    const answersMax = Number(length) < body.length ? 2 : 1 // what is left over may be refused once more
    return {
      parts: [wireOf({ ...plain, headers: { 'content-length': length } }, key)],
      patienceMs: UNCLEAR_MS,
      answersMax,
    }
  },

  'several requests in one breath': (random, key) => {
    const count = random.between(2, 8)
    return {
      parts: [Buffer.concat(Array.from({ length: count }, () => wireOf(anyPlain(random), key)))],
      answersMax: count,
    }
  },

  'a request byte by byte, or in pieces': (random, key) => {
    const bytes = wireOf(anyPlain(random), key)
    const size = random.oneOf([17, 60, 200])
    const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    )
    return { parts, pauseMs: random.oneOf([0, 1, 3]), answersMax: 1 }
  },

  'half a request, then nothing': (random, key) => {
    const bytes = wireOf(anyPlain(random), key)
    return { parts: [bytes.subarray(0, random.between(1, bytes.length - 1))], patienceMs: UNCLEAR_MS, answersMax: 1 }
  },

  'random bytes': (random) => ({
    parts: [random.bytes(random.between(1, 2_000))],
    patienceMs: UNCLEAR_MS,
    answersMax: 1,
  }),

  'other protocols': (random) => {
    const bytes = random.oneOf([
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'SSH-2.0-OpenSSH_9.2\r\n',
      'GET / HTTP/0.9\r\n\r\n',
      'GET /livez HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
      'GET /livez HTTP/1.1\r\nhost: localhost\r\nexpect: 200-maybe\r\n\r\n',
      'GET /livez HTTP/1.1\r\n\r\n',
      'GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
      'GET /api/me HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n',
      'GET /livez\r\n\r\n',
      '\r\n\r\n\r\n',
    ])
    return { ...once(Buffer.from(bytes, 'latin1')), patienceMs: UNCLEAR_MS }
  },

  'an answer that nobody reads': (random, key) => ({
    ...once(wireOf(anyPlain(random), key)),
    deafMs: random.between(5, 60),
  }),
}

function once(bytes: Buffer): Attempt {
  return { parts: [bytes], answersMax: 1 }
}

/** Flips, drops, doubles or adds some bytes. */
function mutated(bytes: Buffer, random: Random): Buffer {
  let now = Buffer.from(bytes)
  for (let turns = random.between(1, 4); turns > 0; turns--) {
    const at = random.between(0, Math.max(0, now.length - 1))
    const end = Math.min(now.length, at + random.between(1, 30))
    const [before, piece, after] = [now.subarray(0, at), now.subarray(at, end), now.subarray(end)]
    now = random.oneOf([
      () => Buffer.concat([before, random.bytes(1), now.subarray(at + 1)]),
      () => Buffer.concat([before, after]),
      () => Buffer.concat([before, piece, piece, after]),
      () => Buffer.concat([before, random.bytes(random.between(1, 8)), now.subarray(at)]),
      () =>
        Buffer.concat([
          before,
          Buffer.from(random.oneOf(['null', '{}', '[]', '"', '\\u0000', '\\ud800', '1e999', '\r\n'])),
          after,
        ]),
    ])()
  }
  return now
}

const WEIRD: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => -1,
  () => 0.5,
  () => 2 ** 53,
  () => '',
  () => '\u0000',
  () => '\ud800',
  () => 'x'.repeat(70_000),
  () => [],
  () => {
    return {}
  },
  () => [null],
  () => [[[[]]]],
  () => ({ type: 'text', text: null }),
  () => ({ toString: 'no', constructor: 1, __proto__: null }),
  () => Array.from({ length: 2_000 }, (_, at) => at),
]

/** One value somewhere in it becomes another, goes, or gets a neighbour. */
function withAnother(body: PlainRequest['body'], random: Random): object {
  const copy = structuredClone(body) as Record<string, unknown>
  let holder: Record<string, unknown> = copy
  for (;;) {
    const name = random.oneOf(Object.keys(holder))
    const value = holder[name]
    const isDeep = typeof value === 'object' && value !== null && Object.keys(value).length > 0
    if (isDeep && random.share() < 0.7) {
      holder = value as Record<string, unknown>
      continue
    }
    if (random.share() < 0.2) delete holder[name]
    else holder[name] = random.oneOf(WEIRD)()
    if (random.share() < 0.2 && !Array.isArray(holder))
      holder[random.oneOf(['stream', 'n', 'stop', 'tools', 'extra'])] = random.oneOf(WEIRD)()
    return copy
  }
}
