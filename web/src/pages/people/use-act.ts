import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, type Call } from '../../api/client.ts'

/** Sends a call; then asks again for the lists of these names. */
export function useAct<Answer>(
  call: Call,
  stale: readonly string[],
  onDone?: (answer: Answer) => void,
): UseMutationResult<Answer, Error, void> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => api<Answer>(call),
    onSuccess: async (answer) => {
      await Promise.all(stale.map((name) => queries.invalidateQueries({ queryKey: [name] })))
      onDone?.(answer)
    },
  })
}
