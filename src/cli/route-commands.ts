/** Commands on routes: names that lead to several models. */
import { allRows } from './all-rows.ts'
import type { Command } from './commands.ts'
import { CommandFailed } from './control.ts'
import { table } from './table.ts'

type Target = { model: string; weight: number; state: string; draining: boolean; breaker: string | null }
type Route = {
  name: string
  enabled: boolean
  tiers: { targets: Target[] }[]
  shadow: { model: string; share: number } | null
  warnings: { message: string }[]
}
const pathOf = (name: string) => `/api/routes/${encodeURIComponent(name)}`

export const ROUTE_COMMANDS: Command[] = [
  {
    words: 'routes list',
    takes: [],
    says: 'List routes, the models that each leads to, and how these are.',
    async run(control, _given, _options, print) {
      const routes = await allRows<Route>(control, '/api/routes', {})
      if (routes.length === 0)
        return print('No route. Make one with: npm run tradewind -- routes set <name> --to "<model>=95,<model>=5"')
      const rows = routes.map((route) => [
        route.name,
        route.enabled ? 'on' : 'off',
        route.tiers.map(({ targets }) => targets.map(inWords).join(', ')).join('; then '),
        route.shadow === null ? '' : `${route.shadow.model} (${route.shadow.share * 100} %)`,
      ])
      print(table(['ROUTE', 'STATE', 'LEADS TO', 'COPIES TO'], rows))
      for (const { name, warnings } of routes) for (const { message } of warnings) print(`${name}: ${message}`)
    },
  },
  {
    words: 'routes set',
    takes: ['name'],
    options: {
      to: { type: 'string', says: 'models with weights, "a=95,b=5"; after a ";" those to fall back on' },
      retries: { type: 'string', says: 'attempts more than the first; default 2' },
      'first-token-ms': { type: 'string', says: 'longest wait of a stream for its first content' },
      'silence-ms': { type: 'string', says: 'longest silence within an answer' },
      shadow: { type: 'string', says: 'send copies, "<model>=<per cent>"' },
      off: { type: 'boolean', says: 'keep it, and let no client reach it' },
    },
    says: 'Make a route, or put other rules in the place of its own.',
    async run(control, [name = ''], options, print) {
      const text = (option: string) => (typeof options[option] === 'string' ? options[option] : null)
      const to = text('to')
      if (to === null) throw new CommandFailed('Say where it leads: --to "<model>=95,<model>=5; <model>"')
      const [shadow] = weighted(text('shadow') ?? '')
      const body = {
        enabled: options.off !== true,
        tiers: to.split(';').map((tier) => ({ targets: weighted(tier) })),
        ...(text('retries') === null ? {} : { retries: wholeIn(text('retries')) }),
        first_token_ms: wholeIn(text('first-token-ms')),
        silence_ms: wholeIn(text('silence-ms')),
        shadow: shadow === undefined ? null : { model: shadow.model, share: shadow.weight / 100 },
      }
      const route = await control.ask<Route>('PUT', pathOf(name), body)
      print(`${name} is in force.`)
      for (const { message } of route.warnings) print(message)
    },
  },
  {
    words: 'routes remove',
    takes: ['name'],
    says: 'Remove a route. Its models stay as they are.',
    async run(control, [name = ''], _options, print) {
      await control.ask('DELETE', pathOf(name))
      print(`${name} is removed.`)
    },
  },
  drainCommand('routes drain', true, 'Let a model run out: nothing new is sent there, running answers end.'),
  drainCommand('routes undrain', false, 'Let a drained model take requests again.'),
]

function drainCommand(words: string, draining: boolean, says: string): Command {
  return {
    words,
    takes: ['model'],
    says,
    async run(control, [model = ''], _options, print) {
      await control.ask('PATCH', `/api/route-models/${encodeURIComponent(model)}`, { draining })
      print(draining ? `${model} takes nothing new.` : `${model} takes requests.`)
    },
  }
}

function inWords({ model, weight, state, draining, breaker }: Target): string {
  const how = draining ? 'draining' : breaker !== null ? 'left alone' : state
  return `${model} ×${weight} (${how})`
}

/** `a=95, b=5`; a model without a weight has 100. @throws CommandFailed */
function weighted(text: string): { model: string; weight: number }[] {
  const parts = text.split(',').map((part) => part.trim())
  return parts
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.lastIndexOf('=')
      if (at === -1) return { model: part, weight: 100 }
      const weight = Number(part.slice(at + 1))
      if (part.slice(at + 1).trim() === '' || Number.isNaN(weight))
        throw new CommandFailed(`"${part}" has no weight. Write <model>=<number>.`)
      return { model: part.slice(0, at).trim(), weight }
    })
}

/** @throws CommandFailed */
function wholeIn(text: string | null): number | null {
  if (text === null) return null
  if (!/^\d{1,9}$/.test(text)) throw new CommandFailed(`"${text}" is no whole number.`)
  return Number(text)
}
