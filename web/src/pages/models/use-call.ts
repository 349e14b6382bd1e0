import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, type Call } from '../../api/client.ts'

/** Sends a call; whatever shows models, replicas or memory is asked for again. */
export function useCall<Answer>(onDone?: (answer: Answer) => void, onError?: (error: Error) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (call: Call) => api<Answer>(call),
    onSuccess: (answer) => {
      for (const key of ['models', 'replicas', 'machine']) void queries.invalidateQueries({ queryKey: [key] })
      onDone?.(answer)
    },
    onError: (error) => onError?.(error),
  })
}
