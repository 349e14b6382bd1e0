import { type Logger, pino } from 'pino'
import type { LogLevel } from './config.ts'

export type Log = Logger

/**
 * Structured log of one process: a JSON line an event, on stdout, where the supervisor collects it.
 * Prompts and answers are never logged; what could hold a secret is cut out here, so that no caller can forget to.
 */
export function createLog(process: string, level: LogLevel): Log {
  return pino({
    level,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: SECRET_PATHS, censor: '[cut]' },
  })
}

const SECRET_NAMES = ['authorization', 'cookie', '"set-cookie"', '"x-api-key"', '"api-key"', 'password', 'token', 'secret', 'prompt', 'messages']
const SECRET_PATHS = SECRET_NAMES.flatMap((name) =>
  name.startsWith('"') ? [`[${name}]`, `*[${name}]`, `*.*[${name}]`] : [name, `*.${name}`, `*.*.${name}`],
)
