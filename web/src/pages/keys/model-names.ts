import { useQuery } from '@tanstack/react-query'
import type { ModelOnWire } from '../../../../src/deployments/schema.ts'
import { get } from '../../api/client.ts'

type Named = Pick<ModelOnWire, 'id' | 'state' | 'task' | 'weights'>

/** Names that a key may be held to: models whose weights are here. The first is the best one to try a chat with. */
export function useModelNames(): string[] {
  const { data } = useQuery({
    queryKey: ['models', 'names'],
    queryFn: ({ signal }) => get<{ data: Named[] }>('/api/models', { here: true, limit: 200 }, signal),
    staleTime: 30_000,
  })
  return [...(data?.data ?? [])].sort((a, b) => rankOf(b) - rankOf(a)).map((model) => model.id)
}

function rankOf({ task, state }: Named): number {
  return (task === 'chat' ? 2 : 0) + (state === 'loaded' ? 1 : 0)
}
