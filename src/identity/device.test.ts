import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deviceOf } from './device.ts'

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'

describe('device', () => {
  const known: [userAgent: string, browser: string | null, system: string | null][] = [
    [`Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/141.0.0.0 Safari/537.36`, 'Chrome', 'Linux'],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0`,
      'Edge',
      'Windows',
    ],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox', 'macOS'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
      'Safari',
      'iPhone',
    ],
    [`Mozilla/5.0 (Linux; Android 14; K) ${WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36`, 'Chrome', 'Android'],
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/141.0.0.0 Safari/537.36`, 'Chrome', 'ChromeOS'],
    ['curl/8.5.0', 'curl', null],
    ['python-requests/2.32.3', 'python-requests', null],
    ['Mozilla/5.0 (compatible)', null, null],
    ['<script>alert(1)</script>', null, null],
    ['', null, null],
  ]
  for (const [userAgent, browser, system] of known)
    it(`${userAgent.slice(0, 40) || 'nothing'} is ${browser ?? 'no browser'} on ${system ?? 'no system'}`, () =>
      assert.deepEqual(deviceOf(userAgent), { browser, system }))

  it('no user agent is no device', () => assert.deepEqual(deviceOf(null), { browser: null, system: null }))
})
