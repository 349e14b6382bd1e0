import { useNavigate } from '@tanstack/react-router'
import { ConfirmDialog, ShowCall, Trouble, toast, useFormat } from '../../ui/index.ts'
import { deleteWeights, type ModelDetail } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { useCall } from './use-call.ts'

type Consequences = NonNullable<ModelDetail['consequences']>

/** Deletes the weights, after naming everything that this ends. */
export function DeleteDialog({
  of: { model, artefact },
  consequences,
  onClose,
}: {
  of: ModelDetail
  consequences: Consequences
  onClose: () => void
}) {
  const t = useModelsWords()
  const format = useFormat()
  const navigate = useNavigate()
  const { replicas, adapters, keys_naming_only_this: keys, shares_file_with: sharers } = consequences
  const call = deleteWeights(model.id, replicas > 0)
  const remove = useCall(() => {
    toast({ title: t('deleted', { name: model.name }) })
    if (consequences.leaves_the_list) void navigate({ to: '/models' })
    else onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('delete-title', { name: model.name })}
      type={model.id}
      label={t('delete')}
      busy={remove.isPending}
      onConfirm={() => remove.mutate(call)}
      error={remove.error && <Trouble error={remove.error} />}
      foot={<ShowCall call={call} />}
    >
      <ul className="consequences">
        <li>
          {sharers.length > 0
            ? t('ends-shared', { names: format.list(sharers) })
            : t('ends-bytes', { amount: format.amount(consequences.bytes_freed) })}
        </li>
        {replicas > 0 && <li>{t('ends-replicas', { count: replicas })}</li>}
        {adapters.length > 0 && <li>{t('ends-adapters', { names: format.list(adapters) })}</li>}
        {keys.total > 0 && (
          <li>
            {t('ends-keys', { count: keys.total })}
            {keys.names.length > 0 && ` ${t('among-them', { names: format.list(keys.names) })}`}
          </li>
        )}
        <li>
          {consequences.can_be_pulled_again
            ? t('ends-again')
            : artefact?.from.startsWith('hub ')
              ? t('ends-again-as', { reference: `hf:${artefact.from.slice(4)}` })
              : t('ends-for-good')}
        </li>
        {consequences.leaves_the_list && <li>{t('ends-list')}</li>}
      </ul>
    </ConfirmDialog>
  )
}
