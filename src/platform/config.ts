/**
 * Everything that can be set, read once and checked once. A value comes from the environment, else from the config file
 * (`tradewind.json` in the data folder, or `TRADEWIND_CONFIG`), else from the default. What contradicts itself is refused
 * at start with the sentence that fixes it.
 *
 * The table below is the documentation: docs/configuration.md is printed from it (`settings-page.ts`), and a test holds
 * the two equal.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { canonicalIpRange } from './ip-range.ts'
import { readSignInConfig, SIGN_IN_SETTINGS, type SignInConfig } from './sign-in-config.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

/** What a usage record outlives: its process, or its machine too. */
export type UsageDurability = 'process' | 'host'

export type Config = {
  port: number
  host: string
  /** What people and clients type; `http://localhost:8484` by default. No trailing slash. */
  publicUrl: string
  /** Addresses and ranges, in canonical form, of proxies whose X-Forwarded-For counts. */
  trustedProxies: string[]
  dataFolder: string
  /** Below it lie the files of this machine that the console takes in. */
  importFolder: string
  /** Null = embedded database in the data folder. */
  databaseUrl: string | null
  hubUrl: string
  hubToken: string | null
  logLevel: LogLevel
  gatewayWorkers: number
  usageDurability: UsageDurability
  /** `auto`, `none`, or a model's id. */
  starter: string
  /** Opens `/metrics`; null = only the admin socket does. */
  metricsToken: string | null
  contentLog: ContentLogConfig
  /** Answers kept for idempotency keys, of all projects together, as they are stored. */
  idempotentAnswersBytesMax: number
  /** How long a request waits for room at an engine where it says nothing else; 0 = not at all. */
  queueTimeoutMs: number
  files: FilesConfig
  /** Lines of batches that are asked at once, of all batches together. */
  batchLinesMax: number
  /** Ceiling of what the Responses API keeps, of all projects together. */
  responsesBytesMax: number
  engine: EngineConfig
} & SignInConfig

export type FilesConfig = {
  /** Of one file. */
  fileBytesMax: number
  /** Of all files of one project. */
  projectBytesMax: number
}

/** The installation's ceilings for what projects keep of what requests say. */
export type ContentLogConfig = {
  /** 0 = nobody keeps anything. */
  daysMax: number
  /** Of all projects together, compressed. */
  bytesMax: number
}

export type EngineConfig = {
  /** Threads over all engines together. */
  threadsTotal: number
  /** Bytes that all engines may use together; null = the machine's own. */
  memoryBytesMax: number | null
  /** Bytes of spilled prefixes on disk per engine; 0 = never spill. */
  spillBytesMax: number
  gpu: 'off' | 'auto'
  /** llama.cpp's own server instead of the embedded engine: a path, `path` = look on the PATH, `xllamacpp`; null = embedded. */
  llamaServer: string | null
}

export type Setting = {
  env: string
  /** Name in the config file; empty = only by environment. */
  file: string
  /** As a person would write it; empty = none. */
  default: string
  says: string
  /** What nobody is shown: the whole of it, or the login and query of an address. */
  secret?: 'whole' | 'login'
}

/** The one table of settings. */
export const SETTINGS = {
  port: { env: 'PORT', file: 'port', default: '8484', says: 'Port of the public address.' },
  host: {
    env: 'HOST',
    file: 'host',
    default: '127.0.0.1',
    says: 'Address to bind. Anything but loopback is refused until the installation has an owner.',
  },
  publicUrl: {
    env: 'PUBLIC_URL',
    file: 'publicUrl',
    default: 'http://localhost:<port>',
    says: 'What clients type to reach this installation, if a proxy stands before it.',
  },
  trustedProxies: {
    env: 'TRUSTED_PROXIES',
    file: 'trustedProxies',
    default: '',
    says: 'Addresses and ranges of proxies whose X-Forwarded-For is believed, with commas, such as "127.0.0.1, 10.0.0.0/8". Empty: nobody is; the address of the connection is the client’s.',
  },
  dataFolder: {
    env: 'TRADEWIND_DATA',
    file: '',
    default: '$XDG_DATA_HOME/tradewind',
    says: 'Where everything is kept. Only by environment, since the config file lies in it.',
  },
  importFolder: {
    env: 'IMPORT_FOLDER',
    file: 'importFolder',
    default: '<data folder>/import',
    says: 'Folder below which the console takes model files and adapters of this machine, an absolute path. The command line takes them from anywhere.',
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    file: 'databaseUrl',
    default: '',
    says: 'postgres://… of a PostgreSQL 15 or newer. Empty: the embedded database in the data folder.',
    secret: 'login',
  },
  hubUrl: {
    env: 'HF_ENDPOINT',
    file: 'hubUrl',
    default: 'https://huggingface.co',
    says: 'Model hub, or a mirror of one.',
    secret: 'login',
  },
  hubToken: {
    env: 'HF_TOKEN',
    file: 'hubToken',
    default: '',
    says: 'Token for gated repositories of the hub.',
    secret: 'whole',
  },
  logLevel: { env: 'LOG_LEVEL', file: 'logLevel', default: 'info', says: `One of ${LOG_LEVELS.join(', ')}.` },
  gatewayWorkers: {
    env: 'GATEWAY_WORKERS',
    file: 'gatewayWorkers',
    default: '1',
    says: 'Gateway processes that share the public port.',
  },
  usageDurability: {
    env: 'USAGE_DURABILITY',
    file: 'usageDurability',
    default: 'process',
    says: 'What the record of an answer outlives once its client has the whole of it: process survives the death of every process; host also a power cut, at the price of about a millisecond an answer.',
  },
  starter: {
    env: 'TRADEWIND_STARTER',
    file: 'starter',
    default: 'auto',
    says: 'Model to fetch at the first start: auto, none, or an id of the catalogue.',
  },
  metricsToken: {
    env: 'METRICS_TOKEN',
    file: 'metricsToken',
    default: '',
    says: 'Bearer token that opens /metrics, as Prometheus sends it. Empty: it is open on the admin socket of the machine alone.',
    secret: 'whole',
  },
  ...SIGN_IN_SETTINGS,
  contentLogDays: {
    env: 'CONTENT_LOG_DAYS',
    file: 'contentLogDays',
    default: '365',
    says: 'How long a project may keep what its requests say, in days; 0 = none may. Projects decide within it; off by default.',
  },
  contentLogSpace: {
    env: 'CONTENT_LOG_MB',
    file: 'contentLogMb',
    default: '1024',
    says: 'Database space for what requests say, all projects together, in MB; the oldest goes first.',
  },
  fileSize: {
    env: 'FILE_MB',
    file: 'fileMb',
    default: '512',
    says: 'Longest file that may be uploaded to /v1/files, in MB.',
  },
  projectFiles: {
    env: 'PROJECT_FILES_MB',
    file: 'projectFilesMb',
    default: '10240',
    says: 'Disk for the files of one project, in MB; results of batches count, and are never refused.',
  },
  batchLines: {
    env: 'BATCH_CONCURRENCY',
    file: 'batchConcurrency',
    default: '4',
    says: 'Requests of batches that run at once, of all batches together, while nobody else needs their model; with others it is fewer.',
  },
  responsesSpace: {
    env: 'RESPONSES_MB',
    file: 'responsesMb',
    default: '1024',
    says: 'Database space for responses that are kept to be gone on from, all projects together, in MB; the oldest goes first.',
  },
  idempotentAnswers: {
    env: 'IDEMPOTENT_ANSWERS_MB',
    file: 'idempotentAnswersMb',
    default: '256',
    says: 'Database space for answers that are kept for a day for requests with an Idempotency-Key, in MB; the oldest goes first. 0 keeps none: such a request still runs once.',
  },
  queueTimeout: {
    env: 'QUEUE_TIMEOUT_SECONDS',
    file: 'queueTimeoutSeconds',
    default: '30',
    says: 'How long a request waits for room where every engine of its model is full, in seconds; 0 = it is refused at once. A request may say otherwise with x-tradewind-queue-timeout-ms.',
  },
  threads: {
    env: 'ENGINE_THREADS',
    file: 'engineThreads',
    default: 'cores − 1',
    says: 'Compute threads over all engines together.',
  },
  memory: {
    env: 'ENGINE_MEMORY_MB',
    file: 'engineMemoryMb',
    default: '',
    says: 'Memory that all engines may use together, in MB. Empty: what the machine has, less a reserve.',
  },
  spill: {
    env: 'PREFIX_SPILL_MB',
    file: 'prefixSpillMb',
    default: '1024',
    says: 'Disk for spilled prefixes per engine, in MB; 0 turns it off. Used only by projects that allow content on disk.',
  },
  gpu: {
    env: 'ENGINE_GPU',
    file: 'engineGpu',
    default: 'auto',
    says: 'auto uses the library that `npm run gpu` installed; off keeps to the CPU.',
  },
  llamaServer: {
    env: 'LLAMA_SERVER',
    file: 'llamaServer',
    default: '',
    says: 'Use llama.cpp\'s own server as the engine: a path, "path" to find it on the PATH, or "xllamacpp" for the Python package ("xllamacpp:/path/to/python" where it has an environment of its own).',
  },
} as const satisfies Record<string, Setting>

/** A setting that cannot be used. The message says what to change. */
export class ConfigRefused extends Error {
  override name = 'ConfigRefused'
}

/**
 * @param environment usually `process.env`
 * @throws ConfigRefused with one sentence per contradiction
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const dataFolder = dataFolderOf(environment)
  const file = readConfigFile(environment, dataFolder)
  const fromEnvironment = (setting: Setting): string => environment[setting.env]?.trim() ?? ''
  const value = (setting: Setting): string => fromEnvironment(setting) || file.settings[setting.file] || ''
  /** Where a person has to change it. */
  const place = (setting: Setting): string =>
    fromEnvironment(setting) ? setting.env : `"${setting.file}" in ${file.path}`
  const wholeNumber = (setting: Setting, otherwise: string, least: number, most: number): number => {
    const text = value(setting) || otherwise
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < least || number > most)
      throw new ConfigRefused(`${place(setting)} is "${text}"; give a whole number from ${least} to ${most}.`)
    return number
  }
  const httpUrl = (setting: Setting, otherwise: string): string => {
    const text = value(setting) || otherwise
    if (!isHttpUrl(text))
      throw new ConfigRefused(`${place(setting)} is "${text}"; give an http:// or https:// address without ? and #.`)
    return text.replace(/\/+$/, '')
  }

  const port = wholeNumber(SETTINGS.port, SETTINGS.port.default, 1, 65535)
  const cores = availableParallelism()
  const databaseUrl = value(SETTINGS.databaseUrl) || null
  // The value stays out of the sentence: it may hold a password.
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl))
    throw new ConfigRefused(
      `${place(SETTINGS.databaseUrl)} must start with postgres://; leave it empty for the embedded database.`,
    )
  const logLevel = value(SETTINGS.logLevel) || SETTINGS.logLevel.default
  if (!isLogLevel(logLevel))
    throw new ConfigRefused(`${place(SETTINGS.logLevel)} is "${logLevel}"; use one of ${LOG_LEVELS.join(', ')}.`)
  const gpu = value(SETTINGS.gpu) || SETTINGS.gpu.default
  // The library that speaks to the hub takes no other kind of token; better said now than at the first pull.
  const hubToken = value(SETTINGS.hubToken) || null
  if (hubToken !== null && !hubToken.startsWith('hf_'))
    throw new ConfigRefused(`${place(SETTINGS.hubToken)} is not a token of the hub: those begin with hf_.`)
  if (gpu !== 'auto' && gpu !== 'off') throw new ConfigRefused(`${place(SETTINGS.gpu)} is "${gpu}"; use auto or off.`)
  const gatewayWorkers = wholeNumber(SETTINGS.gatewayWorkers, SETTINGS.gatewayWorkers.default, 1, 64)
  if (gatewayWorkers > 1 && process.platform !== 'linux')
    throw new ConfigRefused(
      `${place(SETTINGS.gatewayWorkers)} above 1 needs Linux, where processes can share a port; set it to 1.`,
    )

  const usageDurability = value(SETTINGS.usageDurability) || SETTINGS.usageDurability.default
  if (usageDurability !== 'process' && usageDurability !== 'host')
    throw new ConfigRefused(`${place(SETTINGS.usageDurability)} is "${usageDurability}"; use process or host.`)

  const refuse = (sentence: string): never => {
    throw new ConfigRefused(sentence)
  }
  const publicUrl = httpUrl(SETTINGS.publicUrl, `http://localhost:${port}`)

  const importFolder = value(SETTINGS.importFolder) || join(dataFolder, 'import')
  if (!isAbsolute(importFolder))
    throw new ConfigRefused(`${place(SETTINGS.importFolder)} is "${importFolder}"; give an absolute path.`)

  return {
    port,
    host: value(SETTINGS.host) || SETTINGS.host.default,
    publicUrl,
    trustedProxies: trustedProxiesIn(value(SETTINGS.trustedProxies), place(SETTINGS.trustedProxies)),
    ...readSignInConfig({ value, place, wholeNumber, refuse }, publicUrl),
    dataFolder,
    importFolder,
    databaseUrl,
    hubUrl: httpUrl(SETTINGS.hubUrl, SETTINGS.hubUrl.default),
    hubToken,
    logLevel,
    gatewayWorkers,
    usageDurability,
    starter: value(SETTINGS.starter) || SETTINGS.starter.default,
    metricsToken: value(SETTINGS.metricsToken) || null,
    contentLog: {
      daysMax: wholeNumber(SETTINGS.contentLogDays, SETTINGS.contentLogDays.default, 0, 365),
      bytesMax: wholeNumber(SETTINGS.contentLogSpace, SETTINGS.contentLogSpace.default, 1, 64_000_000) * 1e6,
    },
    responsesBytesMax: wholeNumber(SETTINGS.responsesSpace, SETTINGS.responsesSpace.default, 1, 64_000_000) * 1e6,
    idempotentAnswersBytesMax:
      wholeNumber(SETTINGS.idempotentAnswers, SETTINGS.idempotentAnswers.default, 0, 64_000) * 1e6,
    queueTimeoutMs: wholeNumber(SETTINGS.queueTimeout, SETTINGS.queueTimeout.default, 0, 300) * 1_000,
    files: {
      fileBytesMax: wholeNumber(SETTINGS.fileSize, SETTINGS.fileSize.default, 1, 64_000_000) * 1e6,
      projectBytesMax: wholeNumber(SETTINGS.projectFiles, SETTINGS.projectFiles.default, 1, 64_000_000) * 1e6,
    },
    batchLinesMax: wholeNumber(SETTINGS.batchLines, SETTINGS.batchLines.default, 1, 1_000),
    engine: {
      threadsTotal: wholeNumber(SETTINGS.threads, String(Math.max(1, cores - 1)), 1, 1024),
      memoryBytesMax: value(SETTINGS.memory) === '' ? null : wholeNumber(SETTINGS.memory, '', 64, 64_000_000) * 1e6,
      spillBytesMax: wholeNumber(SETTINGS.spill, SETTINGS.spill.default, 0, 64_000_000) * 1e6,
      gpu,
      llamaServer: value(SETTINGS.llamaServer) || null,
    },
  }
}

function dataFolderOf(environment: Record<string, string | undefined>): string {
  const named = environment.TRADEWIND_DATA?.trim()
  if (named) return resolve(named)
  const base = environment.XDG_DATA_HOME?.trim()
  return join(base && isAbsolute(base) ? base : join(environment.HOME || homedir(), '.local/share'), 'tradewind')
}

export type ConfigFile = { path: string; settings: Record<string, string> }

/** @throws ConfigRefused for a file that is not there though it is named, or cannot be used */
export function readConfigFile(environment: Record<string, string | undefined>, dataFolder: string): ConfigFile {
  const named = environment.TRADEWIND_CONFIG?.trim()
  const path = named ? resolve(named) : join(dataFolder, 'tradewind.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !named) return { path, settings: {} }
    throw new ConfigRefused(`The config file ${path} cannot be read: ${(error as Error).message}.`)
  }
  return { path, settings: checkConfigFile(path, text) }
}

function checkConfigFile(path: string, text: string): Record<string, string> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw new ConfigRefused(`The config file ${path} is not JSON: ${(error as Error).message}.`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new ConfigRefused(`The config file ${path} must hold one object, such as {"port": 8484}.`)
  const known = Object.values(SETTINGS).flatMap((setting) => (setting.file ? [setting.file] : []))
  const settings: Record<string, string> = {}
  for (const [name, value] of Object.entries(parsed)) {
    if (!(known as string[]).includes(name))
      throw new ConfigRefused(
        `The config file ${path} names "${name}", which is not a setting. Settings are: ${known.join(', ')}.`,
      )
    if (typeof value !== 'string' && typeof value !== 'number')
      throw new ConfigRefused(`In the config file ${path}, "${name}" must be a text or a number.`)
    settings[name] = String(value)
  }
  return settings
}

/** @throws ConfigRefused */
function trustedProxiesIn(text: string, place: string): string[] {
  const parts = text.split(',').map((part) => part.trim())
  return parts.filter(Boolean).map((part) => {
    const range = canonicalIpRange(part)
    if (range === null)
      throw new ConfigRefused(
        `${place} names "${part}"; give addresses and ranges with commas, such as 127.0.0.1 or 10.0.0.0/8.`,
      )
    // Whoever is trusted may claim any address: a range of everybody would give that to every client.
    if (range === '::/0' || range === '0.0.0.0/0')
      throw new ConfigRefused(`${place} names "${part}", which is everybody; name the proxies alone.`)
    return range
  })
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\//.test(text) && !/[?#]/.test(text)
}

function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text)
}
