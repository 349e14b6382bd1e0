/**
 * What `npm run tradewind -- …` can do. Each command is one row: its words, its options, what it does. The help is made
 * from the rows, so it cannot forget one.
 */
import { existsSync, statSync, watchFile } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { allRows } from './all-rows.ts'
import { BACKUP_COMMANDS } from './backup-commands.ts'
import { CommandFailed, type Control } from './control.ts'
import { KEY_COMMANDS } from './key-commands.ts'
import { bytes, table } from './table.ts'

export type Options = Record<string, string | boolean | undefined>
export type Command = {
  words: string
  /** Named in the help, and taken in this order. */
  takes: string[]
  /** How many of `takes` may be left out. */
  optional?: number
  options?: Record<string, { type: 'string' | 'boolean'; says: string }>
  says: string
  run(control: Control, given: string[], options: Options, print: (text: string) => void): Promise<void>
}

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
type Pull = {
  id: string
  model: string
  state: string
  phase: string | null
  from: string
  bytes_done: number
  bytes_total: number
  bytes_per_second: number
  seconds_left: number | null
  error: { code: string; message: string } | null
}
type Project = { id: string; name: string; content_on_disk: boolean }

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

export const COMMANDS: Command[] = [
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
  {
    words: 'pulls list',
    takes: [],
    says: 'List what is being fetched, and what was.',
    async run(control, _given, _options, print) {
      const { data } = await control.ask<{ data: Pull[] }>('GET', '/api/pulls')
      if (data.length === 0) return print('Nothing was fetched yet.')
      print(
        table(
          ['PULL', 'MODEL', 'STATE', 'DONE', 'OF', 'PROBLEM'],
          data.map((pull) => [
            pull.id,
            pull.model,
            pull.state,
            bytes(pull.bytes_done),
            bytes(pull.bytes_total),
            pull.error?.code ?? '',
          ]),
          [3, 4],
        ),
      )
    },
  },
  ...(['pause', 'resume', 'cancel'] as const).map(
    (verb): Command => ({
      words: `pulls ${verb}`,
      takes: ['pull'],
      says: { pause: 'Pause a pull; what has come stays.', resume: 'Go on with a pull.', cancel: 'Give a pull up.' }[
        verb
      ],
      async run(control, [id = ''], _options, print) {
        const pull = await control.ask<Pull>('POST', `/api/pulls/${encodeURIComponent(id)}/${verb}`)
        print(`${pull.id} is ${pull.state}.`)
      },
    }),
  ),
  ...KEY_COMMANDS,
  {
    words: 'people reset',
    takes: ['email'],
    says: 'Make a link by which somebody sets a new password, also for yourself. It holds for an hour.',
    async run(control, [person = ''], _options, print) {
      const made = await control.ask<{ url: string; person: { name: string; email: string } }>(
        'POST',
        '/api/password-reset-links',
        { person },
      )
      print(made.url)
      print(`Open it, or give it to ${made.person.name} (${made.person.email}) and to nobody else: whoever opens it`)
      print('within the hour chooses the password. Then every session of that person ends.')
    },
  },
  {
    words: 'projects list',
    takes: [],
    says: 'List projects, and whether their prompts may be kept on disk.',
    async run(control, _given, _options, print) {
      const { data } = await control.ask<{ data: Project[] }>('GET', '/api/projects')
      if (data.length === 0) return print('No project yet: open the set-up link first. It is printed at the start.')
      print(
        table(
          ['PROJECT', 'NAME', 'CONTENT ON DISK'],
          data.map((project) => [project.id, project.name, project.content_on_disk ? 'allowed' : 'never']),
        ),
      )
    },
  },
  {
    words: 'projects content-on-disk',
    takes: ['project', 'allow | never'],
    says: 'Say whether prompts of a project may be kept on disk, so that long prefixes survive a restart.',
    async run(control, [id = '', answer = ''], _options, print) {
      if (answer !== 'allow' && answer !== 'never') throw new CommandFailed('Say allow or never.')
      await control.ask('PATCH', `/api/projects/${encodeURIComponent(id)}`, { content_on_disk: answer === 'allow' })
      print(answer === 'allow' ? `Prompts of ${id} may be kept on disk.` : `Prompts of ${id} are on no disk any more.`)
    },
  },
  {
    words: 'status',
    takes: [],
    says: 'What runs, with its figures.',
    async run(control, _given, _options, print) {
      const status = await control.ask<StatusBody>('GET', '/api/status')
      print(
        `Tradewind ${status.version} at ${status.public_url}, since ${status.started_at.slice(0, 16).replace('T', ' ')} UTC`,
      )
      print(`Data:      ${status.data_folder}`)
      print(`Database:  ${status.database.durability}`)
      print(
        `Memory:    ${bytes(status.memory.used_bytes)} of ${bytes(status.memory.budget_bytes)} for models in use, ${bytes(status.memory.free_bytes)} free`,
      )
      print(`Workers:   ${status.workers.length}`)
      if (status.engines.length === 0) return print('Engines:   none')
      print('')
      print(
        table(
          ['MODEL', 'STATE', 'CONTEXT', 'AT ONCE', 'THREADS', 'MEMORY', 'RUNNING', 'WAITING', 'MS/STEP', 'RESTARTS'],
          status.engines.map((engine) => [
            engine.model,
            engine.state,
            String(engine.context_tokens),
            String(engine.sequences),
            String(engine.threads),
            bytes(engine.memory_bytes),
            String(engine.running ?? '–'),
            String(engine.waiting ?? '–'),
            engine.step_ms_p50 === null ? '–' : engine.step_ms_p50.toFixed(1),
            String(engine.restarts),
          ]),
          [2, 3, 4, 5, 6, 7, 8, 9],
        ),
      )
    },
  },
  {
    words: 'logs',
    takes: ['process'],
    optional: 1,
    options: { follow: { type: 'boolean', says: 'go on as lines come' } },
    says: 'Show the end of a log: control, worker-0, engine-<model>.',
    async run(control, [name], options, print) {
      if (!name) {
        const names = existsSync(control.folder.logs)
          ? (await readdir(control.folder.logs)).filter((one) => one.endsWith('.log'))
          : []
        return print(
          names.length > 0
            ? `Logs: ${names
                .map((one) => one.slice(0, -4))
                .sort()
                .join(', ')}`
            : 'No log yet.',
        )
      }
      const path = join(control.folder.logs, `${name}.log`)
      if (!/^[\w.-]+$/.test(name) || !existsSync(path))
        throw new CommandFailed(`There is no log "${name}". List them with: npm run tradewind -- logs`)
      let position = Math.max(0, statSync(path).size - 16_384)
      const more = async () => {
        const size = statSync(path).size
        if (size < position) position = 0
        const file = await open(path)
        try {
          const { buffer, bytesRead } = await file.read(Buffer.alloc(size - position), 0, size - position, position)
          position += bytesRead
          process.stdout.write(buffer.subarray(0, bytesRead))
        } finally {
          await file.close()
        }
      }
      await more()
      if (options.follow) await new Promise(() => watchFile(path, { interval: 500 }, () => void more()))
    },
  },
  ...BACKUP_COMMANDS,
]

type StatusBody = {
  version: string
  public_url: string
  started_at: string
  data_folder: string
  database: { durability: string }
  memory: { budget_bytes: number; used_bytes: number; free_bytes: number }
  workers: unknown[]
  engines: {
    model: string
    state: string
    context_tokens: number
    sequences: number
    threads: number
    memory_bytes: number
    restarts: number
    running: number | null
    waiting: number | null
    step_ms_p50: number | null
  }[]
}

/** A key may name what is not here yet, such as an adapter that is still being made; a slip of the pen is told all the same. */
/** `≈ 12` where it is an estimate, `14` where it was measured here. */
function speedOf({ speed }: Model): string {
  if (speed === null) return '–'
  return `${speed.basis === 'estimated' ? '≈ ' : ''}${Math.round(speed.tokens_per_second)}`
}

/** Shows a pull until it ends. Ctrl-C stops the showing, not the pull. */
async function follow(control: Control, started: Pull, print: (text: string) => void): Promise<void> {
  let pull = started
  let shown = ''
  while (pull.state === 'queued' || pull.state === 'running') {
    const line = `  ${bytes(pull.bytes_done)} of ${bytes(pull.bytes_total)}, ${bytes(pull.bytes_per_second)}/s${pull.phase === 'checking' ? ', checking the hash' : ''}`
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line}`)
    else if (line !== shown) print(line)
    shown = line
    await sleep(process.stdout.isTTY ? 200 : 2_000)
    pull = await control.ask<Pull>('GET', `/api/pulls/${pull.id}`)
  }
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
  if (pull.state === 'done')
    return print(`${pull.model} is here (${bytes(pull.bytes_total)}). It is loaded when somebody asks for it.`)
  throw new CommandFailed(pull.error ? `${pull.error.message} (${pull.error.code})` : `${pull.id} is ${pull.state}.`)
}
