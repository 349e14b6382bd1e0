/**
 * Control's end of the line to its parent. Typed sending, and the two things that control waits for: the list of what
 * already runs (asked once at start), and news of an engine that ended.
 */
import type { FromSupervisor, RunningEngine, RunningWorker, ToSupervisor } from '../supervisor/messages.ts'

export interface SupervisorLink {
  send(message: ToSupervisor): void
  /** What the supervisor keeps running now. */
  list(): Promise<{ engines: RunningEngine[]; workers: RunningWorker[] }>
  onEngineExit(listener: (exit: EngineExit) => void): void
}

export type EngineExit = Extract<FromSupervisor, { type: 'engine.exited' }>

/** @throws where this process was not started by a supervisor */
export function supervisorLink(parent: NodeJS.Process): SupervisorLink {
  if (!parent.send) throw new Error('Control is started by the supervisor: run `npm start`.')
  const exits = new Set<(exit: EngineExit) => void>()
  let waiting: ((listing: Extract<FromSupervisor, { type: 'engines' }>) => void)[] = []
  parent.on('message', (message: FromSupervisor) => {
    if (message.type === 'engine.exited') for (const listener of exits) listener(message)
    else {
      const answered = waiting
      waiting = []
      for (const resolve of answered) resolve(message)
    }
  })
  const send = (message: ToSupervisor) => {
    parent.send?.(message)
  }
  return {
    send,
    list: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        send({ type: 'engines.list' })
      }),
    onEngineExit: (listener) => exits.add(listener),
  }
}
