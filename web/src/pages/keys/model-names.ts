import { useQuery } from '@tanstack/react-query'
import { get } from '../../api/client.ts'

const SERVABLE = new Set(['loaded', 'on_disk', 'loading'])

/** Names that a key may be held to: models whose weights are here, loaded ones first. */
export function useModelNames(): string[] {
  const { data } = useQuery({
    queryKey: ['models', 'names'],
    queryFn: ({ signal }) => get<{ data: { id: string; state: string }[] }>('/api/models', { limit: 200 }, signal),
    staleTime: 30_000,
  })
  return (data?.data ?? [])
    .filter((model) => SERVABLE.has(model.state))
    .sort((a, b) => Number(b.state === 'loaded') - Number(a.state === 'loaded'))
    .map((model) => model.id)
}
