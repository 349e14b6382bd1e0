import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, type Call } from '../../api/client.ts'

/** Sends calls, then asks again for what they changed. */
export function useAct<Answer = unknown>(changes: readonly (readonly string[])[], onDone?: (answer: Answer) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (call: Call) => api<Answer>(call),
    onSuccess: async (answer) => {
      await Promise.all(changes.map((queryKey) => queries.invalidateQueries({ queryKey })))
      onDone?.(answer)
    },
  })
}
