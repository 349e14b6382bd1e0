import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** For tests: a folder of its own under the system's temporary one, removed when the test ends. */
export async function scratchFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tradewind-catalog-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}
