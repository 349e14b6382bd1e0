import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createServer, type Server } from '../platform/http.ts'
import { createLog } from '../platform/log.ts'
import { consoleRoutes, isNavigation, sendConsole } from './console-routes.ts'

const HTML = { accept: 'text/html,application/xhtml+xml' }

describe('the files of the console', () => {
  let server: Server
  before(async () => {
    server = await createServer({
      log: createLog('test', 'silent'),
      version: '0',
      publicUrl: 'http://localhost:8484',
      elsewhere: (request, reply) => (isNavigation(request) ? sendConsole(reply) : null),
    })
    await consoleRoutes(server)
    await server.ready()
  })
  after(() => server.close())

  it('any address that a browser navigates to is the console, under a policy without anything inline', async () => {
    for (const url of ['/', '/keys', '/models/qwen3-0.6b', '/setup?token=x', '/apiary', '/v1x']) {
      const answer = await server.inject({ url, headers: HTML })
      assert.equal(answer.statusCode, 200, url)
      assert.match(answer.body, /<div id="root">/)
      const policy = String(answer.headers['content-security-policy'])
      assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/)
      assert.doesNotMatch(policy, /unsafe|\*/)
      assert.equal(answer.headers['cache-control'], 'no-cache')
      assert.equal(answer.headers['x-frame-options'], 'DENY')
      assert.doesNotMatch(answer.body, /<script>|<style|\son\w+=|style="/)
    }
  })

  it('what a program asks for, and what is of the API, is not', async () => {
    for (const [url, headers] of [
      ['/keys', { accept: 'application/json' }],
      ['/keys', {}],
      ['/api/nothing', HTML],
      ['/v1/nothing', HTML],
      ['/internal/nothing', HTML],
      ['/assets/nothing.js', HTML],
      ['/docs/nothing', HTML],
    ] as const) {
      const answer = await server.inject({ url, headers })
      assert.equal(answer.statusCode, 404, url)
      assert.doesNotMatch(answer.body, /<div id="root">/)
    }
    assert.equal((await server.inject({ method: 'POST', url: '/keys', headers: HTML })).statusCode, 404)
  })

  it('its files are compressed, kept for a year by their name, and end at their folder', async () => {
    const page = await server.inject({ url: '/', headers: HTML })
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page.body)?.[1]
    assert(script)
    const answer = await server.inject({ url: script, headers: { 'accept-encoding': 'br' } })
    assert.equal(answer.headers['content-encoding'], 'br')
    assert.match(String(answer.headers['cache-control']), /max-age=31536000, immutable/)
    assert.match(String(answer.headers['content-type']), /javascript/)
    for (const url of ['/assets/..%2f..%2f..%2fpackage.json', '/assets/%2e%2e/index.html', '/assets/.vite'])
      assert.notEqual((await server.inject(url)).statusCode, 200, url)
  })
})
