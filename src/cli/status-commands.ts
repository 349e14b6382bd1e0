/** Commands that show what runs, and what it writes. */
import { existsSync, statSync, watchFile } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from './commands.ts'
import { CommandFailed } from './control.ts'
import { bytes, table } from './table.ts'

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

export const STATUS_COMMANDS: Command[] = [
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
]
