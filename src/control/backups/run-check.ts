/** Starts `check-archive.ts` and hears what it says. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CHECK_MS_MAX } from './archive-limits.ts'
import type { CheckLine, CheckQuestion } from './check-archive.ts'
import { BackupCheckEnded, refusalOf } from './errors.ts'

const CHECK = fileURLToPath(new URL('./check-archive.ts', import.meta.url))

export type CheckProgress = Extract<CheckLine, { phase: string }>
export type SoundArchive = Extract<CheckLine, { sound: unknown }>['sound']

/**
 * Unpacks a backup into `folder`, which must not exist, and tries it there. The folder is left as it is, sound or not.
 * @throws BackupDamaged, BackupForeign, BackupHostile, BackupNewer what is wrong with it
 * @throws BackupCheckEnded where that could not be found out
 */
export async function runCheck(
  question: CheckQuestion,
  onProgress: (progress: CheckProgress) => void,
): Promise<SoundArchive> {
  const child = spawn(process.execPath, [CHECK, JSON.stringify(question)], { stdio: ['ignore', 'pipe', 'ignore'] })
  // Control may be killed in the midst of it; what lies in the scratch folder then is swept at the next start.
  const endWithUs = () => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, CHECK_MS_MAX)
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(isLate ? 'it took too long' : `its process ended (${signal ?? code})`))
  })
  let last: CheckLine | null = null
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as CheckLine
      if ('phase' in said) onProgress(said)
      else last = said
    }
    const reason = await ended
    if (last === null) throw new BackupCheckEnded({ reason })
    if ('refused' in last) throw refusalOf(last.refused, last.reason)
    return last.sound
  } finally {
    clearTimeout(timer)
    process.off('exit', endWithUs)
  }
}
