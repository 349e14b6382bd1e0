/** Commands on API keys. */
import { allRows } from './all-rows.ts'
import type { Command, Options } from './commands.ts'
import { CommandFailed, type Control } from './control.ts'
import { table } from './table.ts'

type Key = {
  id: string
  name: string
  prefix: string
  last4: string
  state: string
  models: string[] | null
  ips: string[] | null
  expires_at: string | null
  last_used_at: string | null
  old_secrets: { ends_at: string; works: boolean }[]
}

const keyPath = (id: string) => `/api/keys/${encodeURIComponent(id)}`
const toTheMinute = (time: string) => time.slice(0, 16).replace('T', ' ')

export const KEY_COMMANDS: Command[] = [
  {
    words: 'keys create',
    takes: ['name'],
    options: {
      project: { type: 'string', says: 'id of the project; not needed while there is one' },
      models: { type: 'string', says: 'models it may name, with commas; all by default' },
      scopes: { type: 'string', says: 'inference, models.read; both by default' },
      ips: { type: 'string', says: 'addresses it may come from, such as 10.0.0.0/8, with commas; all by default' },
      expires: { type: 'string', says: 'last day it works (UTC), such as 2027-01-31; for ever by default' },
    },
    says: 'Make an API key. It is shown once.',
    async run(control, [name = ''], options, print) {
      const limits = limitsFrom(options)
      if (limits.models) await warnOfUnknownModels(control, limits.models)
      const { public_url } = await control.ask<{ public_url: string }>('GET', '/api/status')
      const made = await control.ask<Key & { secret: string }>('POST', '/api/keys', {
        name,
        ...(typeof options.project === 'string' ? { project_id: options.project } : {}),
        ...(typeof options.scopes === 'string' ? { scopes: listOf(options.scopes) } : {}),
        ...limits,
      })
      print(made.secret)
      print(`This is the only time it is shown. Its id is ${made.id}. Try it:`)
      print(`  curl ${public_url}/v1/models -H "Authorization: Bearer ${made.secret}"`)
    },
  },
  {
    words: 'keys list',
    takes: [],
    says: 'List API keys.',
    async run(control, _given, _options, print) {
      const keys = await allRows<Key>(control, '/api/keys')
      if (keys.length === 0) return print('No key yet. Make one with: npm run tradewind -- keys create <name>')
      print(
        table(
          ['KEY', 'NAME', 'SECRET', 'STATE', 'MODELS', 'FROM', 'LAST USED'],
          keys.map((key) => [
            key.id,
            key.name,
            `${key.prefix}…${key.last4}`,
            key.state,
            key.models?.join(', ') ?? 'all',
            key.ips?.join(', ') ?? 'anywhere',
            key.last_used_at === null ? 'never' : toTheMinute(key.last_used_at),
          ]),
        ),
      )
    },
  },
  {
    words: 'keys update',
    takes: ['key'],
    options: {
      name: { type: 'string', says: 'what it is for' },
      models: { type: 'string', says: 'models it may name, with commas; "all" for all' },
      ips: { type: 'string', says: 'addresses it may come from, with commas; "all" for all' },
      expires: { type: 'string', says: 'last day it works (UTC), such as 2027-01-31; "never" for ever' },
    },
    says: 'Change a key, at once in every gateway worker. What is not named stays as it is.',
    async run(control, [id = ''], options, print) {
      const change = { ...(typeof options.name === 'string' ? { name: options.name } : {}), ...limitsFrom(options) }
      if (Object.keys(change).length === 0)
        throw new CommandFailed('Name what to change: --name, --models, --ips or --expires.')
      if (change.models) await warnOfUnknownModels(control, change.models)
      const key = await control.ask<Key>('PATCH', keyPath(id), change)
      print(
        `${key.id} is called ${key.name}, may name ${key.models?.join(', ') ?? 'all models'}, may come from ${
          key.ips?.join(', ') ?? 'anywhere'
        }, and ${key.expires_at === null ? 'never ends' : `ends ${toTheMinute(key.expires_at)} UTC`}.`,
      )
    },
  },
  {
    words: 'keys rotate',
    takes: ['key'],
    options: {
      overlap: { type: 'string', says: 'how long the old secret works, such as 0, 90m, 24h, 7d; 24h by default' },
    },
    says: 'Give a key a new secret, shown once. The old one goes on working for a while.',
    async run(control, [id = ''], options, print) {
      const body = typeof options.overlap === 'string' ? { overlap_s: secondsOf(options.overlap) } : {}
      const key = await control.ask<Key & { secret: string }>('POST', `${keyPath(id)}/rotate`, body)
      const [old] = key.old_secrets
      print(key.secret)
      print(
        `This is the only time it is shown. ${
          old?.works
            ? `The old secret works until ${toTheMinute(old.ends_at)} UTC.`
            : 'Old secrets do not work any more.'
        }`,
      )
    },
  },
  {
    words: 'keys revoke',
    takes: ['key'],
    says: 'End a key at once, in every gateway worker.',
    async run(control, [id = ''], _options, print) {
      await control.ask('DELETE', keyPath(id))
      print(`${id} is revoked.`)
    },
  },
]

type Limits = { models?: string[] | null; ips?: string[] | null; expires_at?: string | null }

/** What of a key's limits was named. */
function limitsFrom(options: Options): Limits {
  const limits: Limits = {}
  if (typeof options.models === 'string') limits.models = options.models === 'all' ? null : listOf(options.models)
  if (typeof options.ips === 'string') limits.ips = options.ips === 'all' ? null : listOf(options.ips)
  if (typeof options.expires === 'string')
    limits.expires_at = options.expires === 'never' ? null : endOfDay(options.expires)
  return limits
}

function listOf(text: string): string[] {
  return text.split(',').map((one) => one.trim())
}

const UNITS_S: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** `90m` = 5400; a bare number is seconds. @throws CommandFailed for what is no time */
function secondsOf(text: string): number {
  const [, amount, unit = 's'] = /^(\d+)([smhd])?$/.exec(text) ?? []
  if (amount === undefined) throw new CommandFailed(`"${text}" is no time. Write it as 0, 90m, 24h or 7d.`)
  return Number(amount) * (UNITS_S[unit] ?? 1)
}

async function warnOfUnknownModels(control: Control, models: string[]): Promise<void> {
  const here = await allRows<{ id: string }>(control, '/api/models')
  const unknown = models.filter((name) => !here.some((model) => model.id === name))
  if (unknown.length > 0)
    process.stderr.write(`No model is called ${unknown.join(', ')} here yet; the key may name it all the same.\n`)
}

/** The end of a day, UTC. @throws CommandFailed for what is no day */
function endOfDay(day: string): string {
  const end = new Date(`${day}T23:59:59.999Z`)
  // A day that its month does not have is moved into the next one by Date; such a day was not meant.
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(end.getTime()) || !end.toISOString().startsWith(day))
    throw new CommandFailed(`"${day}" is no day. Write it as 2027-01-31.`)
  return end.toISOString()
}
