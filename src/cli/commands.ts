/**
 * What `npm run tradewind -- …` can do. Each command is one row: its words, its options, what it does. The help is made
 * from the rows, so it cannot forget one.
 */
import { BACKUP_COMMANDS } from './backup-commands.ts'
import { BATCH_COMMANDS } from './batch-commands.ts'
import type { Control } from './control.ts'
import { KEY_COMMANDS } from './key-commands.ts'
import { LIMIT_COMMANDS } from './limit-commands.ts'
import { MODEL_COMMANDS } from './model-commands.ts'
import { PEOPLE_COMMANDS } from './people-commands.ts'
import { PULL_COMMANDS } from './pull-commands.ts'
import { ROUTE_COMMANDS } from './route-commands.ts'
import { STATUS_COMMANDS } from './status-commands.ts'
import { UPSTREAM_COMMANDS } from './upstream-commands.ts'

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

export const COMMANDS: Command[] = [
  ...MODEL_COMMANDS,
  ...PULL_COMMANDS,
  ...UPSTREAM_COMMANDS,
  ...KEY_COMMANDS,
  ...LIMIT_COMMANDS,
  ...ROUTE_COMMANDS,
  ...BATCH_COMMANDS,
  ...PEOPLE_COMMANDS,
  ...STATUS_COMMANDS,
  ...BACKUP_COMMANDS,
]
