import { useQuery } from '@tanstack/react-query'
import { usePlace } from '../../app/session.ts'
import { ConfirmDialog, ShowCall, Trouble, toast, useFormat } from '../../ui/index.ts'
import { modelQuery, replicasQuery, unloadModel } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { useCall } from './use-call.ts'

/** Gives the memory back. The weights stay. */
export function UnloadDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useModelsWords()
  const format = useFormat()
  const { may } = usePlace()
  const name = useQuery(modelQuery(id)).data?.model.name ?? id
  const own = useQuery(replicasQuery(may('status.read'))).data?.data.filter((one) => one.model === id) ?? []
  const busy = own.reduce((sum, one) => sum + (one.slots_busy ?? 0), 0)
  const call = unloadModel(id)
  const unload = useCall(() => {
    toast({ title: t('unloaded', { name }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('unload-title', { name })}
      label={t('unload')}
      busy={unload.isPending}
      onConfirm={() => unload.mutate(call)}
      error={unload.error && <Trouble error={unload.error} />}
      foot={<ShowCall call={call} />}
    >
      {own.length > 0 && (
        <p>{t('unload-frees', { amount: format.amount(own.reduce((sum, one) => sum + one.memory_bytes, 0)) })}</p>
      )}
      <p>{t('unload-says')}</p>
      {busy > 0 && <p>{t('unload-busy', { count: busy })}</p>}
    </ConfirmDialog>
  )
}
