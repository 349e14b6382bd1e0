/** Commands on how much may be asked of models: by a key, by a project, by an organisation. */
import type { Command, Options } from './commands.ts'
import { CommandFailed } from './control.ts'

type Limits = { requests_per_minute: number | null; tokens_per_minute: number | null; concurrency: number | null }
type Limited = { id: string; name: string; limits: Limits }

const OPTIONS = {
  'requests-per-minute': { type: 'string', says: 'requests within any 60 s; "none" for no limit' },
  'tokens-per-minute': { type: 'string', says: 'tokens of prompts and answers within any 60 s; "none" for no limit' },
  concurrency: { type: 'string', says: 'requests that run at once; "none" for no limit' },
} as const

export const LIMIT_COMMANDS: Command[] = [
  limitsOf('keys limits', 'key', '/api/keys', 'a key'),
  limitsOf('projects limits', 'project', '/api/projects', 'a project, for all its keys together'),
  limitsOf('organizations limits', 'organization', '/api/organizations', 'an organisation, for all its keys together'),
]

function limitsOf(words: string, takes: string, path: string, what: string): Command {
  return {
    words,
    takes: [takes],
    options: OPTIONS,
    says: `Show or change the limits of ${what}. What is not named stays as it is.`,
    async run(control, [id = ''], options, print) {
      const change = changeFrom(options)
      const own = `${path}/${encodeURIComponent(id)}`
      const { name, limits } = await (Object.keys(change).length === 0
        ? control.ask<Limited>('GET', own)
        : control.ask<Limited>('PATCH', `${own}/limits`, change))
      print(`${name} (${id}): ${inWords(limits)}.`)
    },
  }
}

function changeFrom(options: Options): Partial<Limits> {
  const change: Partial<Limits> = {}
  for (const option of Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]) {
    const text = options[option]
    if (typeof text === 'string') change[option.replaceAll('-', '_') as keyof Limits] = amountOf(text)
  }
  return change
}

/** @throws CommandFailed for what is no number */
function amountOf(text: string): number | null {
  if (text === 'none') return null
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new CommandFailed(`"${text}" is no limit. Write a number from 1, or none.`)
  return Number(text)
}

function inWords({ requests_per_minute, tokens_per_minute, concurrency }: Limits): string {
  const parts = [
    requests_per_minute === null ? null : `${requests_per_minute} requests per minute`,
    tokens_per_minute === null ? null : `${tokens_per_minute} tokens per minute`,
    concurrency === null ? null : `${concurrency} requests at once`,
  ].filter((part) => part !== null)
  return parts.length === 0 ? 'no limit of its own' : parts.join(', ')
}
