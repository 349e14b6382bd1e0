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
  if (!command) {
    print(help())
    if (words.length > 0 && !['help', '--help', '-h'].includes(words[0] ?? ''))
      throw new CommandFailed(`There is no command "${words.join(' ')}".`)
    return
  }
  const { given, options } = read(command, words.slice(command.words.split(' ').length))
  await command.run(new Control(process.env), given, options, print)
}

function read(command: Command, rest: string[]) {
  const options = Object.fromEntries(Object.entries(command.options ?? {}).map(([name, { type }]) => [name, { type }]))
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

function help(): string {
  const rows = COMMANDS.flatMap((command) => [
    [
      `  ${command.words} ${command.takes.map((name) => (command.optional ? `[${name}]` : `<${name}>`)).join(' ')}`,
      command.says,
    ],
    ...Object.entries(command.options ?? {}).map(([name, { says }]) => [`      --${name}`, says]),
  ])
  return `npm run tradewind -- <command>\n${table(['', ''], rows)}`
}
