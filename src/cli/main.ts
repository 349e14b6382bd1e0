/** `npm run tradewind -- <command>`: runs an installation from the machine it runs on. No login: the socket's folder is the owner's alone. */
import { parseArgs } from 'node:util'
import { ConfigRefused } from '../platform/config.ts'
import { COMMANDS, type Command } from './commands.ts'
import { CommandFailed, Control } from './control.ts'
import { table } from './table.ts'

// A reader that has seen enough, such as `head`, closes the pipe; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const JSON_OPTION = { type: 'boolean', says: 'print what the installation answered, as JSON' } as const

const print = (text: string) => process.stdout.write(`${text}\n`)

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof CommandFailed || error instanceof ConfigRefused)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function main(words: string[]): Promise<void> {
  const command = COMMANDS.find(({ words: own }) => own.split(' ').every((word, index) => words[index] === word))
  if (!command) return explain(words)
  const rest = words.slice(command.words.split(' ').length)
  if (rest.includes('--help') || rest.includes('-h')) return void print(help([command]))
  const { given, options } = read(command, rest)
  const control = new Control(process.env)
  const asJson = options.json === true
  await command.run(control, given, options, asJson ? () => undefined : print)
  if (asJson) print(JSON.stringify(control.lastAnswer, null, 2))
}

/** All commands, or those that begin with the first word, and why they are shown. */
function explain(words: string[]): void {
  const [group = ''] = words
  const own = COMMANDS.filter((command) => command.words.split(' ')[0] === group)
  print(help(own.length > 0 ? own : COMMANDS))
  const asked = words.length === 0 || words.some((word) => ['help', '--help', '-h'].includes(word))
  if (!asked) throw new CommandFailed(`There is no command "${words.join(' ')}".`)
}

function read(command: Command, rest: string[]) {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, json: JSON_OPTION }).map(([name, { type }]) => [name, { type }]),
  )
  try {
    const { positionals, values } = parseArgs({ args: rest, options, allowPositionals: true })
    if (
      positionals.length > command.takes.length ||
      positionals.length < command.takes.length - (command.optional ?? 0)
    )
      throw new CommandFailed(`Use it as: npm run tradewind -- ${usage(command)}`)
    return { given: positionals, options: values as Record<string, string | boolean | undefined> }
  } catch (error) {
    if (error instanceof CommandFailed) throw error
    throw new CommandFailed(`${(error as Error).message}\nUse it as: npm run tradewind -- ${usage(command)}`)
  }
}

function usage(command: Command): string {
  const takes = command.takes.map((name) => (command.optional ? `[${name}]` : `<${name}>`))
  const options = Object.entries(command.options ?? {}).map(
    ([name, { type }]) => `[--${name}${type === 'string' ? ' …' : ''}]`,
  )
  return [command.words, ...takes, ...options].join(' ')
}

function help(commands: Command[]): string {
  const rows = commands.flatMap((command) => [
    [
      `  ${command.words} ${command.takes.map((name) => (command.optional ? `[${name}]` : `<${name}>`)).join(' ')}`,
      command.says,
    ],
    ...Object.entries(command.options ?? {}).map(([name, { says }]) => [`      --${name}`, says]),
  ])
  rows.push(['  … --json', `with any command: ${JSON_OPTION.says}`])
  return `npm run tradewind -- <command>\n${table(['', ''], rows)}`
}
