/** Which file of a repository is proposed. Pure. */
import type { RepositoryOnWire } from '../../../../src/deployments/detail-schema.ts'

type HubFile = RepositoryOnWire['files'][number]

/** Slower than this, a person waits for words; the server proposes by the same bound. */
const COMFORTABLE_TOKENS_PER_SECOND = 10

/** The largest that fits and is quick; else Q4_K_M, or the smallest that fits; else the smallest. */
export function bestFile<File extends Pick<HubFile, 'here' | 'fit' | 'speed' | 'bytes' | 'quantisation'>>(
  files: readonly File[],
): File | null {
  const bySize = files.filter((file) => !file.here).sort((a, b) => a.bytes - b.bytes)
  const fit = bySize.filter((file) => file.fit?.verdict === 'fits')
  const quick = fit.filter((file) => (file.speed?.tokens_per_second ?? 0) >= COMFORTABLE_TOKENS_PER_SECOND)
  return quick.at(-1) ?? fit.find((file) => file.quantisation === 'Q4_K_M') ?? fit[0] ?? bySize[0] ?? files[0] ?? null
}
