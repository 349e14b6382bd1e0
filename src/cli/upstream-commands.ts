/** Commands on upstreams: endpoints elsewhere that serve models here. */
import type { UpstreamOnWire, UpstreamRowOnWire, UpstreamTestOnWire } from '../upstreams/schema.ts'
import { allRows } from './all-rows.ts'
import type { Command, Options } from './commands.ts'
import { CommandFailed, type Control } from './control.ts'
import { table } from './table.ts'

const NO_UPSTREAM =
  'No upstream yet. Add one with: npm run tradewind -- upstreams add <name> <openai|anthropic|vllm|llama_server|ollama|tradewind> <url>'

export const UPSTREAM_COMMANDS: Command[] = [
  {
    words: 'upstreams add',
    takes: ['name', 'kind', 'url'],
    options: {
      'secret-env': { type: 'string', says: 'name of the environment variable that holds its secret' },
      header: { type: 'string', says: 'header that carries the secret, where it is another than the kind’s' },
      private: { type: 'boolean', says: 'it is on this machine or its network' },
      public: { type: 'boolean', says: 'it is on the internet' },
    },
    says: 'Have models served by an endpoint elsewhere: openai, anthropic, vllm, llama_server, ollama or tradewind.',
    async run(control, [name = '', kind = '', url = ''], options, print) {
      const secret = secretFrom(options)
      const made = await control.ask<UpstreamOnWire>('POST', '/api/upstreams', {
        name,
        kind,
        base_url: url,
        ...networkFrom(options),
        ...(secret === null ? {} : { secret, auth_kind: kind === 'anthropic' ? 'x_api_key' : 'bearer' }),
        ...(typeof options.header === 'string' ? { auth_kind: 'header', auth_header: options.header } : {}),
      })
      print(`${made.name} (${made.id}) is ${stateInWords(made)}.`)
      for (const { name: model } of made.models) if (model !== null) print(`  ${model}`)
    },
  },
  {
    words: 'upstreams list',
    takes: [],
    says: 'List upstreams, and how they are.',
    async run(control, _given, _options, print) {
      const upstreams = await allRows<UpstreamRowOnWire>(control, '/api/upstreams')
      if (upstreams.length === 0) return print(NO_UPSTREAM)
      print(
        table(
          ['UPSTREAM', 'NAME', 'KIND', 'URL', 'STATE', 'MODELS', 'PROBE'],
          upstreams.map((one) => [
            one.id,
            one.name,
            one.kind,
            one.base_url,
            one.trouble === null ? one.state : `${one.state}: ${one.trouble.code}`,
            String(one.models_published),
            one.probe_ms === null ? '–' : `${one.probe_ms} ms`,
          ]),
          [5, 6],
        ),
      )
    },
  },
  {
    words: 'upstreams test',
    takes: ['upstream'],
    says: 'Look at an upstream now, named by its name or id.',
    async run(control, [wanted = ''], _options, print) {
      const { id, name } = await found(control, wanted)
      const { ok, trouble, took_ms, models } = await control.ask<UpstreamTestOnWire>(
        'POST',
        `/api/upstreams/${encodeURIComponent(id)}/check`,
      )
      if (!ok) throw new CommandFailed(`${name}: ${trouble?.message ?? ''}${statusInWords(trouble?.status ?? null)}`)
      print(`${name} answered in ${took_ms} ms with ${models.length} models.`)
    },
  },
  {
    words: 'upstreams remove',
    takes: ['upstream'],
    says: 'Delete an upstream, named by its name or id. Its models are gone for every client at once.',
    async run(control, [wanted = ''], _options, print) {
      const { id, name, models_published } = await found(control, wanted)
      await control.ask('DELETE', `/api/upstreams/${encodeURIComponent(id)}`)
      print(`${name} is deleted, and ${models_published} models with it.`)
    },
  },
]

/** A secret among the words of a command would be seen by everybody who lists processes. */
function secretFrom(options: Options): string | null {
  const name = options['secret-env']
  if (typeof name !== 'string') return null
  const secret = process.env[name]
  if (!secret) throw new CommandFailed(`The environment variable ${name} is not set.`)
  return secret
}

function networkFrom(options: Options): { network?: 'private' | 'public' } {
  if (options.private === true && options.public === true)
    throw new CommandFailed('An upstream is on a private network or on the internet, not on both.')
  return options.private === true ? { network: 'private' } : options.public === true ? { network: 'public' } : {}
}

async function found(control: Control, wanted: string): Promise<UpstreamRowOnWire> {
  const upstreams = await allRows<UpstreamRowOnWire>(control, '/api/upstreams')
  const one = upstreams.find(({ id, name }) => id === wanted || name === wanted)
  if (one === undefined)
    throw new CommandFailed(`There is no upstream ${wanted}. See: npm run tradewind -- upstreams list`)
  return one
}

function stateInWords({ state, trouble, models_published }: UpstreamRowOnWire): string {
  if (trouble === null) return state === 'healthy' ? `well, and serves ${models_published} models` : state
  return `added, and not well: ${trouble.message.replace(/\.$/, '')}${statusInWords(trouble.status)}`
}

function statusInWords(status: number | null): string {
  return status === null ? '' : ` (status ${status})`
}
