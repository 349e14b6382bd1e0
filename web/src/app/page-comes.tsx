/** A page whose code is on its way, also while there is no connection to bring it. */
import { onlineManager } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { offlineError } from '../api/client.ts'
import { Bones, Trouble } from '../ui/trouble.tsx'

export function PageComes() {
  const isOnline = useSyncExternalStore(
    (changed) => onlineManager.subscribe(changed),
    () => onlineManager.isOnline(),
  )
  return <main className="page">{isOnline ? <Bones /> : <Trouble error={offlineError()} />}</main>
}

/** Brings code that could not come as soon as the connection is back. The router would load the page anew, into nothing. */
export function onceOnline<Module>(load: () => Promise<Module>): () => Promise<Module> {
  return () =>
    load().catch((error: unknown) => {
      if (onlineManager.isOnline()) throw error
      return new Promise<void>((resolve) => {
        const stop = onlineManager.subscribe((isOnline) => {
          if (!isOnline) return
          stop()
          resolve()
        })
      }).then(load)
    })
}
