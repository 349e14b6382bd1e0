import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, type Call } from './client.ts'

/** Sends calls; then asks again for what is `stale`, each the first word of a query's key. */
export function useAct<Answer = unknown>(stale: readonly string[], onDone?: (answer: Answer) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (call: Call) => api<Answer>(call),
    onSuccess: async (answer) => {
      await Promise.all(stale.map((name) => queries.invalidateQueries({ queryKey: [name] })))
      onDone?.(answer)
    },
  })
}
