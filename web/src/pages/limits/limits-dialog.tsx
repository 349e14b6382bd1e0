import { useState } from 'react'
import type { Call } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { FormDialog, toast } from '../../ui/index.ts'
import { LimitsFields } from './limits-fields.tsx'
import { type Limits, limitsIn, typed } from './limits-in.ts'
import { useLimitsWords } from './limits-words.ts'

/** Changes the limits of one key. */
export function KeyLimitsDialog({
  of: key,
  onClose,
}: {
  of: { id: string; name: string; limits: Limits }
  onClose: () => void
}) {
  const t = useLimitsWords()
  const [text, setText] = useState(typed(key.limits))
  const limits = limitsIn(text)
  const call: Call = { method: 'PATCH', path: `/api/keys/${key.id}/limits`, body: limits ?? {} }
  const act = useAct(['keys'], () => {
    toast({ title: t('saved'), says: t('saved-says') })
    onClose()
  })
  return (
    <FormDialog
      title={t('title', { name: key.name })}
      says={t('key-says')}
      call={call}
      label={t('save')}
      ready={limits !== null}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <LimitsFields text={text} onChange={setText} />
    </FormDialog>
  )
}
