import { useQuery } from '@tanstack/react-query'
import type { ModelOnWire } from '../../../../src/deployments/schema.ts'
import { get } from '../../api/client.ts'
import { elsewhereQuery } from '../upstreams/elsewhere.ts'

type Named = Pick<ModelOnWire, 'id' | 'state' | 'task' | 'weights'>

/**
 * Names that a key may be held to: models whose weights are here, then those of upstreams. The first is the best one to try
 * a chat with.
 */
export function useModelNames(): string[] {
  const { data: elsewhere } = useQuery(elsewhereQuery)
  const { data } = useQuery({
    queryKey: ['models', 'names'],
    queryFn: ({ signal }) => get<{ data: Named[] }>('/api/models', { here: true, limit: 200 }, signal),
    staleTime: 30_000,
  })
  const here = [...(data?.data ?? [])].sort((a, b) => rankOf(b) - rankOf(a)).map((model) => model.id)
  return [...here, ...(elsewhere?.data ?? []).map(({ name }) => name)]
}

function rankOf({ task, state }: Named): number {
  return (task === 'chat' ? 2 : 0) + (state === 'loaded' ? 1 : 0)
}
