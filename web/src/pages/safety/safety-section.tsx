/** What a project has looked for in its requests and answers, among its settings. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Call, get } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import {
  AreaField,
  Button,
  Loaded,
  Section,
  SelectField,
  ShowCall,
  TextField,
  Tick,
  Toggle,
  Trouble,
  toast,
} from '../../ui/index.ts'
import { type Does, draftOf, KINDS, type Safety, type SafetyDraft, wantedOf } from './safety-draft.ts'
import { useSafetyWords } from './safety-words.ts'

export function SafetySection({ projectId }: { projectId: string }) {
  const t = useSafetyWords()
  const query = useQuery({
    queryKey: ['safety', projectId],
    queryFn: ({ signal }) => get<Safety>(`/api/projects/${projectId}/safety`, undefined, signal),
  })
  return (
    <Section title={t('safety')}>
      <Loaded query={query}>{(safety) => <SafetyForm key={safety.updated_at ?? ''} safety={safety} />}</Loaded>
    </Section>
  )
}

function SafetyForm({ safety }: { safety: Safety }) {
  const t = useSafetyWords()
  const [draft, setDraft] = useState(() => draftOf(safety))
  const set = (change: Partial<SafetyDraft>) => setDraft({ ...draft, ...change })
  const judge = (change: Partial<Safety['moderation']>) => set({ moderation: { ...draft.moderation, ...change } })
  const act = useAct(['safety'], () => toast({ title: t('saved'), says: t('saved-says') }))
  const wanted = wantedOf(draft)
  const call: Call = { method: 'PUT', path: `/api/projects/${safety.project_id}/safety`, body: wanted }
  const isSame = JSON.stringify(wanted) === JSON.stringify(wantedOf(draftOf(safety)))
  const disabled = !safety.may_change
  const does = [
    { value: 'nothing' as const, label: t('nothing') },
    { value: 'mask' as const, label: t('mask') },
    { value: 'block' as const, label: t('block') },
  ]
  const choose = (label: string, value: Does, onChange: (value: Does) => void) => (
    <SelectField label={label} value={value} onChange={onChange} choices={does} disabled={disabled} />
  )
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate(call)
      }}
    >
      <p className="t13 soft">{t('says')}</p>
      {choose(t('pii-does'), draft.piiDoes, (piiDoes) =>
        set({ piiDoes, ...(draft.pii.length === 0 ? { pii: [...KINDS] } : {}) }),
      )}
      {draft.piiDoes !== 'nothing' &&
        KINDS.map((kind) => (
          <Tick
            key={kind}
            on={draft.pii.includes(kind)}
            disabled={disabled}
            onChange={(on) => set({ pii: KINDS.filter((one) => (one === kind ? on : draft.pii.includes(one))) })}
          >
            {t(`pii-${kind}`)}
          </Tick>
        ))}
      {choose(t('keywords-do'), draft.keywordsDo, (keywordsDo) => set({ keywordsDo }))}
      {draft.keywordsDo !== 'nothing' && (
        <AreaField
          label={t('keywords')}
          help={t('keywords-help')}
          value={draft.keywords}
          onChange={(keywords) => set({ keywords })}
          disabled={disabled}
        />
      )}
      {choose(t('patterns-do'), draft.patternsDo, (patternsDo) => set({ patternsDo }))}
      {draft.patternsDo !== 'nothing' && (
        <AreaField
          label={t('patterns')}
          help={t('patterns-help')}
          mono
          value={draft.patterns}
          onChange={(patterns) => set({ patterns })}
          disabled={disabled}
        />
      )}
      <SelectField
        label={t('images')}
        value={draft.imageUrls}
        onChange={(imageUrls) => set({ imageUrls })}
        choices={(['any', 'public', 'inline'] as const).map((value) => ({ value, label: t(`images-${value}`) }))}
        disabled={disabled}
      />
      <SelectField
        label={t('moderation-by')}
        value={draft.moderation.by ?? 'nobody'}
        onChange={(by) => judge({ by: by === 'nobody' ? null : by })}
        choices={[
          { value: 'nobody' as const, label: t('nobody') },
          { value: 'keywords' as const, label: t('by-keywords') },
          { value: 'model' as const, label: t('by-model') },
        ]}
        disabled={disabled}
      />
      {draft.moderation.by === 'model' && (
        <>
          <TextField
            label={t('guard')}
            help={t('guard-help')}
            value={draft.moderation.model ?? ''}
            onChange={(model) => judge({ model: model.trim() === '' ? null : model.trim() })}
            disabled={disabled}
          />
          <Switch
            label={t('controversial')}
            on={draft.moderation.flags_controversial}
            disabled={disabled}
            onChange={(on) => judge({ flags_controversial: on })}
          />
        </>
      )}
      {draft.moderation.by !== null &&
        (['requests', 'answers'] as const).map((side) => (
          <Switch
            key={side}
            label={t(`judge-${side}`)}
            says={t(`judge-${side}-says`)}
            on={draft.moderation[side]}
            disabled={disabled}
            onChange={(on) => judge({ [side]: on })}
          />
        ))}
      {draft.others.length > 0 && <p className="small faint">{t('others', { count: draft.others.length })}</p>}
      {disabled && <p className="small faint">{t('may-not')}</p>}
      {act.error && <Trouble error={act.error} />}
      {!disabled && (
        <div className="form-acts">
          <Button type="submit" busy={act.isPending} disabled={isSame}>
            {t('save')}
          </Button>
          <ShowCall call={call} />
        </div>
      )}
    </form>
  )
}

function Switch({
  label,
  says,
  on,
  disabled,
  onChange,
}: {
  label: string
  says?: string
  on: boolean
  disabled: boolean
  onChange: (on: boolean) => void
}) {
  return (
    <div className="row wide setting">
      <span>
        <span className="label">{label}</span>
        {says !== undefined && <span className="small soft">{says}</span>}
      </span>
      <Toggle on={on} onChange={onChange} label={label} disabled={disabled} />
    </div>
  )
}
