/**
 * Takes over what version 0.1 left in `usage-backlog/`: records that control did not take, a JSON line each. This file can
 * go when no installation is updated from 0.1 any more, that is with the version after the next that migrates its data.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { UsageRecord } from '../../billing/usage-record.ts'
import type { DataFolder } from '../../platform/data-folder.ts'
import type { Log } from '../../platform/log.ts'

const RECORDS_AT_ONCE = 1_000

/** To be called by one worker. Killed in between, it begins anew, which changes nothing. */
export async function takeOldBacklog(
  folder: DataFolder,
  adopt: (records: readonly UsageRecord[]) => Promise<void>,
  log: Log,
): Promise<void> {
  const backlog = join(folder.root, 'usage-backlog')
  if (!existsSync(backlog)) return
  for (const name of readdirSync(backlog)) {
    if (!/^worker-\d+\.jsonl$/.test(name)) continue // such as worker-0.refused.jsonl, which is for a person
    const path = join(backlog, name)
    const records = readFileSync(path, 'utf8').split('\n').flatMap(recordIn)
    for (let start = 0; start < records.length; start += RECORDS_AT_ONCE)
      await adopt(records.slice(start, start + RECORDS_AT_ONCE))
    unlinkSync(path)
    log.info({ file: path, records: records.length }, 'usage of an earlier version is taken over')
  }
  if (readdirSync(backlog).length === 0) rmdirSync(backlog)
}

/** A line that a crash has torn is none. */
function recordIn(line: string): UsageRecord[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as UsageRecord]
  } catch {
    return []
  }
}
