/** Collects what `/api/installation` says: facts that lie in many places, each asked where it lives. */
import { readdir, readFile, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Static } from 'typebox'
import type { SupervisorLink } from '../engines/supervisor-link.ts'
import { GATEWAY_LIMITS } from '../gateway/limits.ts'
import { SIGN_IN_LIMITS } from '../identity/sign-in-limit.ts'
import type { Clock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import type { DataFolder } from '../platform/data-folder.ts'
import type { Database } from '../platform/database/database.ts'
import { databaseFacts } from '../platform/database/database-facts.ts'
import { knownMigrations, migrationTimesIn } from '../platform/database/migrations-level.ts'
import { CONTROL_BODY_BYTES_MAX } from '../platform/http.ts'
import { isLoopback } from '../platform/loopback.ts'
import type { SettingsInForce } from '../platform/settings-in-force.ts'
import { DOCUMENT_BYTES_MAX } from '../playground/document.ts'
import { VERSION } from '../version.ts'
import { UPLOAD_BYTES_MAX } from './backups/archive-limits.ts'
import type { Backups } from './backups/backups.ts'
import type { InstallationShape } from './installation-schema.ts'

export type InstallationDeps = {
  config: Config
  settings: SettingsInForce
  folder: DataFolder
  database: Database
  link: Pick<SupervisorLink, 'list'>
  backups: Pick<Backups, 'list' | 'nightlyKept'>
  startedAtMs: number
  clock: Clock
}

type Installation = Static<typeof InstallationShape>

export async function describeInstallation(deps: InstallationDeps): Promise<Installation> {
  const { config, settings, folder, startedAtMs } = deps
  const [database, disk, { workers }, files, backups, engineLibrary] = await Promise.all([
    describeDatabase(deps.database),
    statfs(folder.root),
    deps.link.list(),
    logFiles(folder.logs),
    describeBackups(deps),
    engineLibraryVersion(),
  ])
  return {
    versions: { tradewind: VERSION, node: process.versions.node, engine_library: engineLibrary },
    database,
    data_folder: {
      path: folder.root,
      disk_free_bytes: disk.bavail * disk.bsize,
      disk_total_bytes: disk.blocks * disk.bsize,
    },
    address: {
      public_url: config.publicUrl,
      host: config.host,
      port: config.port,
      is_local_only: isLoopback(config.host),
    },
    workers: workers.map(({ name, pid, restarts, ready }) => ({ worker: name, pid, restarts, ready })),
    started_at: new Date(startedAtMs).toISOString(),
    uptime_seconds: Math.max(0, Math.floor((deps.clock.nowMs() - startedAtMs) / 1_000)),
    limits: {
      inference_body_bytes: GATEWAY_LIMITS.bodyBytesMax,
      header_bytes: GATEWAY_LIMITS.headerBytesMax,
      header_count: GATEWAY_LIMITS.headersMax,
      connections_per_worker: GATEWAY_LIMITS.connectionsMax,
      api_body_bytes: CONTROL_BODY_BYTES_MAX,
      playground_session_bytes: DOCUMENT_BYTES_MAX,
      backup_upload_bytes: UPLOAD_BYTES_MAX,
      sign_ins: (Object.keys(SIGN_IN_LIMITS) as (keyof typeof SIGN_IN_LIMITS)[]).map((per) => ({
        per,
        most: SIGN_IN_LIMITS[per].most,
        within_seconds: SIGN_IN_LIMITS[per].withinMs / 1_000,
      })),
    },
    logs: { folder: folder.logs, level: config.logLevel, files },
    config_file: settings.configFile,
    settings: settings.settings.map(({ isSet, isSecret, ...setting }) => ({
      ...setting,
      is_set: isSet,
      is_secret: isSecret,
    })),
    backups,
  }
}

async function describeDatabase(database: Database): Promise<Installation['database']> {
  const known = knownMigrations()
  const [facts, applied] = await Promise.all([databaseFacts(database), migrationTimesIn(database.db)])
  return {
    kind: database.kind,
    version: facts.version,
    size_bytes: facts.sizeBytes,
    durability: facts.durability,
    sentence: database.durability,
    survives_crash: true,
    survives_power_cut: facts.durability === 'power_cut_survived' || facts.durability === 'server_delays_commits',
    fsync: facts.fsync,
    synchronous_commit: facts.synchronousCommit,
    full_page_writes: facts.fullPageWrites,
    migrations: {
      applied: applied.length,
      known: known.length,
      latest: known.find(({ madeAtMs }) => madeAtMs === applied.at(-1))?.name ?? 'unknown',
    },
  }
}

async function describeBackups({
  backups,
  database,
}: Pick<InstallationDeps, 'backups' | 'database'>): Promise<Installation['backups']> {
  const all = await backups.list()
  return {
    count: all.length,
    bytes_total: all.reduce((sum, { bytes }) => sum + bytes, 0),
    last_at: all[0]?.madeAt.toISOString() ?? null,
    nightly_kept: database.kind === 'embedded' ? await backups.nightlyKept() : null,
  }
}

/** Files that are turned over while they are counted are left out. */
async function logFiles(folder: string): Promise<Installation['logs']['files']> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort()
  const stats = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => null)))
  return names.flatMap((name, at) => {
    const seen = stats[at]
    return seen ? [{ name, bytes: seen.size, modified_at: seen.mtime.toISOString() }] : []
  })
}

/** Null where it is not installed, as where every model is served by another engine. */
async function engineLibraryVersion(): Promise<string | null> {
  const path = fileURLToPath(new URL('../../node_modules/node-llama-cpp/package.json', import.meta.url))
  const text = await readFile(path, 'utf8').catch(() => null)
  return text === null ? null : (JSON.parse(text) as { version: string }).version
}
