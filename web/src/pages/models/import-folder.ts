import { useQuery } from '@tanstack/react-query'
import { get } from '../../api/client.ts'
import type { HubSettingsOnWire } from './models-api.ts'

/** Below it lie the files of the machine that may be named here; `…` until it is known. */
export function useImportFolder(): string {
  const settings = useQuery({
    queryKey: ['hub-settings'],
    queryFn: ({ signal }) => get<HubSettingsOnWire>('/api/settings/hub', undefined, signal),
  })
  return settings.data?.import_folder ?? '…'
}
