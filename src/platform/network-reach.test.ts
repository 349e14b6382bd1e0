import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { Agent, request } from 'undici'
import { checkingConnector, checkingLookup, mayReach, type Resolve, reachNeeded } from './network-reach.ts'

/** First and last of each range, and what lies just outside of it. */
const RANGES: [first: string, last: string, needs: 'private' | null][] = [
  ['0.0.0.0', '0.255.255.255', 'private'],
  ['10.0.0.0', '10.255.255.255', 'private'],
  ['100.64.0.0', '100.100.100.199', 'private'],
  ['100.100.100.200', '100.100.100.200', null],
  ['100.100.100.201', '100.127.255.255', 'private'],
  ['127.0.0.0', '127.255.255.255', 'private'],
  ['168.63.129.16', '168.63.129.16', null],
  ['169.254.0.0', '169.254.255.255', null],
  ['169.254.169.254', '169.254.169.254', null],
  ['172.16.0.0', '172.31.255.255', 'private'],
  ['192.0.0.0', '192.0.0.191', 'private'],
  ['192.0.0.192', '192.0.0.192', null],
  ['192.0.2.0', '192.0.2.255', 'private'],
  ['192.168.0.0', '192.168.255.255', 'private'],
  ['198.18.0.0', '198.19.255.255', 'private'],
  ['198.51.100.0', '198.51.100.255', 'private'],
  ['203.0.113.0', '203.0.113.255', 'private'],
  ['224.0.0.0', '239.255.255.255', null],
  ['240.0.0.0', '255.255.255.254', 'private'],
  ['255.255.255.255', '255.255.255.255', null],
  ['::', '::1', 'private'],
  ['::169.254.0.0', '::169.254.255.255', null],
  ['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', null],
  ['::ffff:127.0.0.1', '::ffff:7fff:ffff', 'private'],
  ['64:ff9b::8.8.8.8', '64:ff9b::7f00:1', 'private'],
  ['64:ff9b::169.254.169.254', '64:ff9b::a9fe:a9fe', null],
  ['64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', 'private'],
  ['100::', '100::ffff:ffff:ffff:ffff', 'private'],
  ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', 'private'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', 'private'],
  ['2002::', '2002:a9fd:ffff:ffff:ffff:ffff:ffff:ffff', 'private'],
  ['2002:a9fe::', '2002:a9fe:ffff:ffff:ffff:ffff:ffff:ffff', null],
  ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', 'private'],
  ['4000::', 'fbff:ffff::', 'private'],
  ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'private'],
  ['fd00:ec2::254', 'fd00:ec2::254', null],
  ['fd20:ce::254', 'fd20:ce::254', null],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
  ['fe80::1%eth0', 'fe80::1%1', null],
  ['fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'private'],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
]
const PUBLIC = [
  '1.0.0.0',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '168.63.129.15',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '::ffff:8.8.8.8',
  '2000::',
  '2001:200::',
  '2606:4700::1111',
  '3ffe:ffff::',
]

describe('an address', () => {
  it('of a range that is not the internet is reached by no public upstream, and metadata by none', () => {
    for (const [first, last, needs] of RANGES)
      for (const address of [first, last]) {
        assert.equal(reachNeeded(address), needs, address)
        assert.equal(mayReach('public', address), false, address)
        assert.equal(mayReach('private', address), needs === 'private', address)
      }
  })

  it('of the internet is reached by all', () => {
    for (const address of PUBLIC) {
      assert.equal(reachNeeded(address), 'public', address)
      assert.ok(mayReach('private', address))
    }
  })

  it('that is none is reached by nobody', () => {
    for (const text of ['', 'localhost', '2130706433', '0x7f000001', '127.1', '::1/128']) {
      assert.equal(reachNeeded(text), null, text)
    }
  })

  it('in another form of writing is what a URL makes of it', () => {
    for (const host of ['2130706433', '0x7f000001', '0x7f.1', '017700000001', '127.1', '127.0.0.1.', '①②⑦.0.0.1']) {
      assert.equal(reachNeeded(new URL(`http://${host}/`).hostname), 'private', host)
    }
    assert.equal(reachNeeded(new URL('http://0xa9fea9fe/').hostname), null)
  })
})

const looked = (reach: 'public' | 'private', resolve: Resolve, all: boolean) =>
  new Promise<{ error: (Error & { needs?: unknown }) | null; address: unknown }>((done) =>
    checkingLookup(reach, resolve)('name.example', { all }, (error, address) => done({ error, address })),
  )
const answering =
  (...addresses: string[]): Resolve =>
  (_host, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )

describe('a name', () => {
  it('is refused for one address among good ones', async () => {
    const { error } = await looked('public', answering('8.8.8.8', '10.0.0.1'), true)
    assert.equal(error?.name, 'AddressRefused')
    assert.equal(error?.needs, 'private')
    const metadata = await looked('private', answering('10.0.0.1', '169.254.169.254'), false)
    assert.equal(metadata.error?.needs, null)
  })

  it('leads to the very addresses that were checked', async () => {
    assert.deepEqual((await looked('public', answering('8.8.8.8', '2606:4700::1'), true)).address, [
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ])
    assert.equal((await looked('public', answering('8.8.8.8'), false)).address, '8.8.8.8')
  })

  it('that has no address, or cannot be asked for, is no connection', async () => {
    assert.ok((await looked('private', answering(), true)).error)
    const broken = await looked('private', (_host, done) => done(new Error('no server'), []), true)
    assert.match(String(broken.error), /no server/)
  })
})

describe('a connection', () => {
  it('is checked anew each time, so that a name which changes its mind leads nowhere', async () => {
    const heard: string[] = []
    const server = createServer((request, response) => {
      heard.push(request.headers.host ?? '')
      response.setHeader('connection', 'close').end('here')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    let asked = 0
    // As rebinding does it: the first answer is harmless, each later one is not.
    const rebinding: Resolve = (host, done) => answering(asked++ === 0 ? '127.0.0.1' : '169.254.169.254')(host, done)
    const agent = new Agent({ connect: checkingConnector('private', 1_000, rebinding) })
    const ask = () => request(`http://rebound.example:${port}/`, { dispatcher: agent }).then(({ body }) => body.text())
    try {
      assert.equal(await ask(), 'here')
      await assert.rejects(ask, { name: 'AddressRefused' })
      assert.deepEqual(heard, [`rebound.example:${port}`])
    } finally {
      await agent.destroy()
      server.close()
    }
  })

  it('to an address instead of a name is checked too', async () => {
    const agent = new Agent({ connect: checkingConnector('public', 1_000) })
    try {
      for (const host of ['127.0.0.1', '[::1]', '[::ffff:7f00:1]', '0x7f.1', '169.254.169.254', 'localhost'])
        await assert.rejects(request(`http://${host}:9/`, { dispatcher: agent }), { name: 'AddressRefused' }, host)
    } finally {
      await agent.destroy()
    }
  })
})
