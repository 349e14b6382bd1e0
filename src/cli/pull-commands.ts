/** Commands on pulls, and what shows one while it runs. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from './commands.ts'
import { CommandFailed, type Control } from './control.ts'
import { bytes, table } from './table.ts'

export type Pull = {
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

export const PULL_COMMANDS: Command[] = [
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
]

/** Shows a pull until it ends. Ctrl-C stops the showing, not the pull. */
export async function follow(control: Control, started: Pull, print: (text: string) => void): Promise<void> {
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
