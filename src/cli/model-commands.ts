/** Commands on models and their adapters. */
import { resolve } from 'node:path'
import { allRows } from './all-rows.ts'
import type { Command } from './commands.ts'
import { follow, type Pull } from './pull-commands.ts'
import { bytes, table } from './table.ts'

type Model = {
  id: string
  name: string
  task: string
  state: string
  fit: {
    verdict: string
    reason: string
    precision: string | null
    needed_bytes: number | null
    served_by: { hardware: string }[]
  }
  speed: { tokens_per_second: number; basis: 'measured' | 'estimated' } | null
  weights: { bytes: number } | null
  engine: { context_tokens: number; sequences: number; memory_bytes: number } | null
  licence: { name: string; url: string; must_accept: boolean }
}

const VERDICTS: Record<string, string> = {
  fits: 'fits',
  tight: 'tight',
  'fits-alone': 'fits alone',
  'does-not-fit': 'does not fit',
}
/** Other models are in the catalogue for their facts; no engine here runs them yet. */
const SERVED_TASKS = ['chat', 'embedding']
/** What runs first, then what is here, then what could be. */
const nearness = (model: Model) => (model.engine ? 0 : model.weights ? 1 : 2)
const modelPath = (id: string) => `/api/models/${encodeURIComponent(id)}`

export const MODEL_COMMANDS: Command[] = [
  {
    words: 'models list',
    takes: [],
    options: {
      here: { type: 'boolean', says: 'only models whose weights are here' },
      fits: { type: 'boolean', says: 'only models that fit this machine' },
    },
    says: 'List models, and whether they fit this machine.',
    async run(control, _given, options, print) {
      const data = await allRows<Model>(control, '/api/models', {
        ...(options.here ? { here: 'true' } : {}),
        ...(options.fits ? { fits: 'true' } : {}),
      })
      if (data.length === 0) return print('No model. Get one with: npm run tradewind -- models pull <id>')
      print(
        table(
          ['MODEL', 'TASK', 'STATE', 'FIT', 'NEEDS ≥', 'TOKENS/S'],
          data
            .sort((a, b) => nearness(a) - nearness(b))
            .map((model) => [
              model.id,
              model.task,
              model.state,
              SERVED_TASKS.includes(model.task) ? (VERDICTS[model.fit.verdict] ?? model.fit.verdict) : 'not served yet',
              bytes(model.fit.needed_bytes),
              speedOf(model),
            ]),
          [4, 5],
        ),
      )
    },
  },
  {
    words: 'models fit',
    takes: ['model'],
    says: 'Say whether a model fits this machine, why, and how fast it would be.',
    async run(control, [id = ''], _options, print) {
      const { model } = await control.ask<{ model: Model }>('GET', modelPath(id))
      print(`${model.name}: ${VERDICTS[model.fit.verdict] ?? model.fit.verdict}. ${model.fit.reason}`)
      if (model.speed?.basis === 'measured') print(`Measured here: ${speedOf(model)} tokens/s for one conversation.`)
      else if (model.speed !== null)
        print(
          `Expected: ${speedOf(model)} tokens/s for one conversation, from this machine's measured memory bandwidth.`,
        )
      if (model.fit.verdict === 'does-not-fit' && model.fit.served_by.length > 0)
        print(`Served by: ${model.fit.served_by.map(({ hardware }) => hardware).join('; ')}.`)
      print(
        `Licence: ${model.licence.name} (${model.licence.url})${model.licence.must_accept ? '; accept it with --accept-licence when you pull' : ''}.`,
      )
    },
  },
  {
    words: 'models pull',
    takes: ['model'],
    options: {
      'accept-licence': { type: 'boolean', says: "accept the model's licence" },
      precision: { type: 'string', says: 'such as q4_k_m or q8_0; by default the best that fits' },
      as: { type: 'string', says: 'another id, for a file of the hub' },
      force: { type: 'boolean', says: 'fetch what does not fit this machine' },
      detach: { type: 'boolean', says: 'do not wait for it' },
    },
    says: 'Fetch weights: an id of the list, or hf:owner/repo/file.gguf.',
    async run(control, [id = ''], options, print) {
      const pull = await control.ask<Pull>('POST', `${modelPath(id)}/pull`, {
        accept_licence: options['accept-licence'] === true,
        even_if_it_does_not_fit: options.force === true,
        ...(typeof options.precision === 'string' ? { precision: options.precision } : {}),
        ...(typeof options.as === 'string' ? { as: options.as } : {}),
      })
      print(`Fetching ${pull.model} from ${pull.from}.`)
      if (options.detach) return print(`It goes on by itself: npm run tradewind -- pulls list`)
      await follow(control, pull, print)
    },
  },
  {
    words: 'models import',
    takes: ['file', 'name'],
    says: 'Take a GGUF file of this machine, under a name of yours.',
    async run(control, [file = '', name = ''], _options, print) {
      const pull = await control.ask<Pull>('POST', `${modelPath(name)}/import`, { path: resolve(file) })
      await follow(control, pull, print)
    },
  },
  {
    words: 'models load',
    takes: ['model'],
    options: {
      context: { type: 'string', says: 'tokens of context of each conversation' },
      sequences: { type: 'string', says: 'requests answered at once' },
    },
    says: 'Serve a model now. (Without it, a model is loaded when somebody asks for it.)',
    async run(control, [id = ''], options, print) {
      const model = await control.ask<Model>('POST', `${modelPath(id)}/load`, {
        ...(typeof options.context === 'string' ? { context_tokens: Number(options.context) } : {}),
        ...(typeof options.sequences === 'string' ? { sequences: Number(options.sequences) } : {}),
      })
      const { engine } = model
      print(
        `${model.id} is loaded${engine ? `: ${engine.sequences} requests at once, ${engine.context_tokens} tokens of context each, ${bytes(engine.memory_bytes)}` : ''}.`,
      )
    },
  },
  {
    words: 'models unload',
    takes: ['model'],
    says: 'Stop serving a model and free its memory.',
    async run(control, [id = ''], _options, print) {
      await control.ask('POST', `${modelPath(id)}/unload`, undefined)
      print(`${id} is unloaded.`)
    },
  },
  {
    words: 'models delete',
    takes: ['model'],
    says: "Delete a model's weights from this machine.",
    async run(control, [id = ''], _options, print) {
      await control.ask('DELETE', `${modelPath(id)}/weights`)
      print(`The weights of ${id} are deleted.`)
    },
  },
  {
    words: 'adapters add',
    takes: ['name', 'base model', 'file'],
    options: { scale: { type: 'string', says: 'weight of the adapter, 1 by default' } },
    says: 'Serve a LoRA adapter (GGUF) beside its base model, under its own name.',
    async run(control, [name = '', base = '', file = ''], options, print) {
      await control.ask('POST', `${modelPath(base)}/adapters`, {
        name,
        path: resolve(file),
        ...(typeof options.scale === 'string' ? { scale: Number(options.scale) } : {}),
      })
      print(`${name} answers on ${base}.`)
    },
  },
  {
    words: 'adapters remove',
    takes: ['name'],
    says: 'Stop serving an adapter.',
    async run(control, [name = ''], _options, print) {
      await control.ask('DELETE', `/api/adapters/${encodeURIComponent(name)}`)
      print(`${name} is removed.`)
    },
  },
]

/** `≈ 12` where it is an estimate, `14` where it was measured here. */
function speedOf({ speed }: Model): string {
  if (speed === null) return '–'
  return `${speed.basis === 'estimated' ? '≈ ' : ''}${Math.round(speed.tokens_per_second)}`
}
