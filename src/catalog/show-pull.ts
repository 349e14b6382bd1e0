/** A pull as callers see it: its row, and while it runs, what the fetch has told since the row was last written. */
import type { Progress } from './arrival.ts'
import type { Precision } from './model-family.ts'
import { NEXT, type PullState } from './pull-state.ts'
import { placeName } from './source.ts'
import type { PullRow } from './tables.ts'

export type Pull = {
  id: string
  model: string
  state: PullState
  /** States it may go to now. */
  allowed: readonly PullState[]
  /** What a running pull is doing; null in other states. */
  phase: Progress['phase'] | null
  precision: Precision
  source: PullRow['place']['kind']
  from: string
  bytesDone: number
  /** 0 until the source has said. */
  bytesTotal: number
  bytesPerSecond: number
  secondsLeft: number | null
  error: { code: string; message: string } | null
  licence: { id: string; acceptedBy: string | null; acceptedAtMs: number | null }
  startedBy: string
  createdAtMs: number
  updatedAtMs: number
}

/** @param progress of the fetch that runs here; null = none does, or nothing was told yet */
export function showPull(row: PullRow, progress: Progress | null): Pull {
  const live = row.state === 'running' ? progress : null
  const bytesDone = live?.phase === 'checking' ? live.bytesTotal : (live?.bytesDone ?? row.bytesDone)
  const bytesTotal = live?.bytesTotal ?? row.bytesTotal
  const bytesPerSecond = live?.bytesPerSecond ?? 0
  return {
    id: row.id,
    model: row.model,
    state: row.state,
    allowed: NEXT[row.state],
    phase: row.state === 'running' ? (live?.phase ?? 'fetching') : null,
    precision: row.precision,
    source: row.place.kind,
    from: placeName(row.place),
    bytesDone,
    bytesTotal,
    bytesPerSecond,
    secondsLeft:
      live?.phase === 'fetching' && bytesPerSecond > 0 ? Math.ceil((bytesTotal - bytesDone) / bytesPerSecond) : null,
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? row.errorCode },
    licence: {
      id: row.licenceId,
      acceptedBy: row.licenceAcceptedBy,
      acceptedAtMs: row.licenceAcceptedAt?.getTime() ?? null,
    },
    startedBy: row.startedBy,
    createdAtMs: row.createdAt.getTime(),
    updatedAtMs: row.updatedAt.getTime(),
  }
}
