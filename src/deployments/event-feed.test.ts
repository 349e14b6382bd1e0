import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Audience, createEventFeed, type FeedEvent, type Listener } from './event-feed.ts'

const OPERATOR: Audience = { models: true, replicas: true }
const MEMBER: Audience = { models: true, replicas: false }

const pull = (id: string, done: number): FeedEvent => ({
  name: 'pull',
  subject: `pull ${id}`,
  to: 'models',
  data: { id, done },
})
const replica = (id: string): FeedEvent => ({ name: 'replica', subject: `replica ${id}`, to: 'replicas', data: { id } })

/** A connection whose room a test decides. */
function connection() {
  let drained = () => {}
  const seen = { text: '', room: Number.POSITIVE_INFINITY, ended: false }
  const listener: Listener = {
    write(text) {
      seen.text += text
      seen.room--
      return seen.room > 0
    },
    onDrained(call) {
      drained = call
    },
    end() {
      seen.ended = true
    },
  }
  return { listener, seen, drain: (room: number) => Object.assign(seen, { room }) && drained() }
}

const eventsIn = (text: string) =>
  [...text.matchAll(/event: (\S+)\ndata: (.*)\n\n/g)].map(([, name, data]) => ({ name, data: JSON.parse(data!) }))

function arrange() {
  let nowMs = 0
  const feed = createEventFeed({ clock: { nowMs: () => nowMs }, stateFor: async (audience) => ({ audience }) })
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { feed, pass }
}

test('the whole state comes first, and what happened while it was gathered comes after it', async () => {
  const { feed } = arrange()
  const { listener, seen } = connection()
  const connecting = feed.connect(listener, OPERATOR)
  feed.tell(pull('a', 1))
  feed.tell(pull('a', 2))
  await connecting
  feed.tell(pull('a', 3))
  assert.match(seen.text, /^retry: \d+\n/)
  assert.deepEqual(
    eventsIn(seen.text).map(({ name, data }) => [name, data.done]),
    [
      ['state', undefined],
      ['pull', 2],
      ['pull', 3],
    ],
  )
})

test('nobody is told of what he may not see, and who loses a right hears no more', async () => {
  const { feed } = arrange()
  const member = connection()
  const operator = connection()
  await feed.connect(member.listener, MEMBER)
  const session = await feed.connect(operator.listener, OPERATOR)
  feed.tell(replica('eng_1'))
  await session.allow(MEMBER)
  feed.tell(replica('eng_2'))
  feed.tell(pull('a', 1))
  assert.deepEqual(
    eventsIn(member.seen.text).map(({ name }) => name),
    ['state', 'pull'],
  )
  assert.deepEqual(
    eventsIn(operator.seen.text).map(({ name, data }) => [name, data.id]),
    [
      ['state', undefined],
      ['replica', 'eng_1'],
      ['pull', 'a'],
    ],
  )
})

test('who gains a right gets the whole state again', async () => {
  const { feed } = arrange()
  const { listener, seen } = connection()
  const session = await feed.connect(listener, MEMBER)
  await session.allow(OPERATOR)
  assert.deepEqual(
    eventsIn(seen.text).map(({ data }) => data.audience.replicas),
    [false, true],
  )
})

test('of ten thousand events a slow connection holds one for each subject, and gets the newest', async () => {
  const { feed } = arrange()
  const { listener, seen, drain } = connection()
  await feed.connect(listener, OPERATOR)
  drain(1)
  for (let done = 1; done <= 10_000; done++) for (const id of ['a', 'b']) feed.tell(pull(id, done))
  assert.equal(eventsIn(seen.text).length, 2, 'the state, and the one event that filled it')
  drain(100)
  const later = eventsIn(seen.text).slice(2)
  assert.deepEqual(
    later.map(({ data }) => [data.id, data.done]),
    [
      ['a', 10_000],
      ['b', 10_000],
    ],
  )
})

test('a connection that takes nothing for a minute is given up, one that is only silent is not', async () => {
  const { feed, pass } = arrange()
  const [stuck, silent] = [connection(), connection()]
  const one = await feed.connect(stuck.listener, OPERATOR)
  const two = await feed.connect(silent.listener, OPERATOR)
  stuck.seen.room = 1
  feed.tell(pull('a', 1))
  pass(50_000)
  for (const session of [one, two]) session.beat()
  assert.equal(stuck.seen.ended, false)
  pass(20_000)
  for (const session of [one, two]) session.beat()
  assert.deepEqual([stuck.seen.ended, silent.seen.ended, feed.listeners()], [true, false, 1])
  assert.equal(silent.seen.text.match(/: beat/g)?.length, 2)
})

test('an end with a reason says it, and nothing is written afterwards', async () => {
  const { feed } = arrange()
  const { listener, seen } = connection()
  const session = await feed.connect(listener, OPERATOR)
  session.end('signed-out')
  feed.tell(pull('a', 1))
  session.beat()
  assert.deepEqual(
    eventsIn(seen.text).map(({ name, data }) => [name, data.why]),
    [
      ['state', undefined],
      ['end', 'signed-out'],
    ],
  )
  assert.deepEqual([seen.ended, feed.listeners()], [true, 0])
})

test('closing ends everybody', async () => {
  const { feed } = arrange()
  const all = [connection(), connection()]
  for (const { listener } of all) await feed.connect(listener, OPERATOR)
  feed.close()
  assert.deepEqual(
    all.map(({ seen }) => seen.ended),
    [true, true],
  )
})
