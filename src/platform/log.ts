/**
 * Structured log of one process: a JSON line an event, on stdout, where the supervisor collects it.
 *
 * Prompts, answers and secrets never reach it. Whoever writes a line need not think of that, since it is done here, in
 * the one place that every line passes: fields with a secret's name lose their value at any depth, keys and credentials
 * are cut out of all texts, and errors are written by a list of what is wanted of them. Pino's own `redact` lost: it
 * knows only paths that are named beforehand, and not what a child logger was made with.
 */
import { type DestinationStream, type Logger, pino } from 'pino'
import type { LogLevel } from './config.ts'

export type Log = Logger

/**
 * @param process names the process in each line
 * @param to where lines go; default: stdout
 */
export function createLog(process: string, level: LogLevel, to: DestinationStream = pino.destination(1)): Log {
  return pino(
    {
      level,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorInLog, error: errorInLog },
      hooks: { streamWrite: withoutSecrets },
    },
    to,
  )
}

type LoggedError = { type: string; message: string; stack?: string; cause?: LoggedError; [field: string]: unknown }

/** What an error may say of itself beside its message. Not `detail`: PostgreSQL writes whole rows into it. */
const ERROR_FIELDS = [
  'code',
  'status',
  'syscall',
  'errno',
  'path',
  'address',
  'port',
  'signal',
  'constraint',
  'table',
  'column',
]
const CAUSES_MAX = 5

/** An error as a line holds it: its kind, words, place and causes, without the values of a query or a body. */
export function errorInLog(error: unknown): LoggedError | unknown {
  return error instanceof Error ? describe(error, 0) : error
}

function describe(error: Error, depth: number): LoggedError {
  const message = speakableMessage(error)
  const described: LoggedError = { type: error.name, message }
  for (const field of ERROR_FIELDS) {
    const value = (error as unknown as Record<string, unknown>)[field]
    if (typeof value === 'string' || typeof value === 'number') described[field] = value
  }
  const places = placesOf(error)
  if (places !== '') described.stack = `${error.name}: ${message}\n${places}`
  if (error.cause instanceof Error && depth < CAUSES_MAX) described.cause = describe(error.cause, depth + 1)
  return described
}

/** The stack without the message, which V8 writes at its head. */
function placesOf({ stack = '', message }: Error): string {
  const end = stack.indexOf(message) + message.length
  return (stack.includes(message) ? stack.slice(end) : stack)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n')
}

function speakableMessage(error: Error): string {
  // Drizzle's failed query lists its parameters in the message: e-mail addresses, password hashes, session tokens.
  if ('query' in error && typeof error.query === 'string') return `Failed query: ${error.query}`
  // JSON.parse quotes what it could not read, which may be a prompt.
  if (error instanceof SyntaxError)
    return error.message.replace(/, (\.\.\.)?".*is not valid JSON$/s, ': not valid JSON')
  return error.message
}

/** Names of fields whose value is nobody's business, compared without case, dashes and underscores. */
const SECRET_NAMES = [
  ...['authorization', 'proxyAuthorization', 'cookie', 'setCookie', 'xApiKey', 'apiKey', 'bearer'],
  ...[
    'password',
    'newPassword',
    'currentPassword',
    'passwordHash',
    'secret',
    'clientSecret',
    'hubToken',
    'metricsToken',
  ],
  ...['token', 'accessToken', 'refreshToken', 'sessionToken', 'params', 'query_params'],
  ...['prompt', 'prompts', 'messages', 'content', 'input', 'completion', 'answer'],
].map(plainName)
const SECRET_NAME_SET = new Set(SECRET_NAMES)
/** Whether a line is worth taking apart: most are not. */
const MAY_HOLD_SECRET_FIELD = new RegExp(
  `"(?:${SECRET_NAMES.map((name) => [...name].join('[-_]?')).join('|')})"\\s*:`,
  'i',
)
const CUT = '[cut]'

/** Credentials by their own shape, wherever they stand. */
const SECRET_TEXTS: [pattern: RegExp, instead: string][] = [
  [/\bsk-[A-Za-z0-9_-]{4,}/g, `sk-${CUT}`],
  [/\bhf_[A-Za-z0-9]{8,}/g, `hf_${CUT}`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${CUT}`],
  [/(tradewind\.session_token=)[^;\s"\\]+/g, `$1${CUT}`],
  // A password in an address, as in DATABASE_URL.
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@"\\]*):[^\s@/"\\]+@/gi, `$1:${CUT}@`],
  // A field of JSON within a text.
  [
    /(\\+"(?:password|new_?password|secret|token|prompt|content|api_?key|authorization)\\+"\s*:\s*\\+")(?:(?!\\+").)*/gi,
    `$1${CUT}`,
  ],
]

/** A piece of each of `SECRET_TEXTS`: one look instead of one for each, as most lines hold none. */
const MAY_HOLD_SECRET_TEXT = /sk-|hf_|bearer|basic|session_token=|:\/\/|\\"/i

/** One line of the log as it may be written. */
export function withoutSecrets(line: string): string {
  const named = MAY_HOLD_SECRET_FIELD.test(line) ? withoutSecretFields(line) : line
  if (!MAY_HOLD_SECRET_TEXT.test(named)) return named
  return SECRET_TEXTS.reduce((text, [pattern, instead]) => text.replace(pattern, instead), named)
}

function withoutSecretFields(line: string): string {
  const cut = (name: string, value: unknown) => (SECRET_NAME_SET.has(plainName(name)) && value !== null ? CUT : value)
  return `${JSON.stringify(JSON.parse(line, cut))}\n`
}

function plainName(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase()
}
