import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import { FormDialog, toast } from '../../ui/index.ts'
import { PRESETS } from './presets.ts'
import { draftOf, EMPTY_FORM, isFilled, TestRow, UpstreamFields, type UpstreamForm } from './upstream-form.tsx'
import { addUpstream, type Upstream } from './upstreams-api.ts'
import { useUpstreamWords } from './upstreams-words.ts'

/** Adds an upstream. What kind it is fills in the rest, which can be tested before it is saved. */
export function AddUpstreamDialog({ onClose, onAdded }: { onClose: () => void; onAdded: (id: string) => void }) {
  const t = useUpstreamWords()
  const [form, setForm] = useState<UpstreamForm>(EMPTY_FORM)
  const { upstream_id: _, ...draft } = draftOf(form, null)
  const call = addUpstream({ name: form.name.trim(), ...draft })
  const act = useAct<Upstream>(['upstreams', 'models'], (made) => {
    toast({ title: t(made.state === 'healthy' ? 'added' : 'added-unwell', { name: made.name }) })
    onAdded(made.id)
  })
  return (
    <FormDialog
      title={t('add-title')}
      says={t('add-says')}
      call={call}
      label={t('add')}
      ready={isFilled(form, false)}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <UpstreamFields
        form={form}
        onChange={setForm}
        onKind={(kind) => {
          setForm({ ...form, kind, ...PRESETS[kind] })
        }}
        hasSecret={false}
      />
      <TestRow
        draft={draftOf(form, null)}
        ready={form.url.trim() !== '' && (form.authKind === 'none' || form.secret !== '')}
      />
    </FormDialog>
  )
}
