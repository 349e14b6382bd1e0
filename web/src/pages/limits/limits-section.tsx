import { useState } from 'react'
import type { Call } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { Button, Section, ShowCall, Trouble, toast } from '../../ui/index.ts'
import { LimitsFields } from './limits-fields.tsx'
import { areSame, type Limits, limitsIn, typed } from './limits-in.ts'
import { useLimitsWords } from './limits-words.ts'

/** The limits of a project or an organisation, among its settings. `path` is the thing's own. */
export function LimitsSection({
  kind,
  limits: current,
  path,
  may,
}: {
  kind: 'project' | 'organization'
  limits: Limits
  path: string
  may: boolean
}) {
  const t = useLimitsWords()
  const [text, setText] = useState(typed(current))
  const limits = limitsIn(text)
  const call: Call = { method: 'PATCH', path: `${path}/limits`, body: limits ?? {} }
  const act = useAct([kind, `${kind}s`], () => toast({ title: t('saved'), says: t('saved-says') }))
  return (
    <Section title={t('limits')}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          act.mutate(call)
        }}
      >
        <p className="t13 soft">{t(`${kind}-says`)}</p>
        <LimitsFields text={text} onChange={setText} disabled={!may} />
        {!may && <p className="small faint">{t('may-not')}</p>}
        {act.error && <Trouble error={act.error} />}
        {may && (
          <div className="form-acts">
            <Button type="submit" busy={act.isPending} disabled={limits === null || areSame(limits, current)}>
              {t('save')}
            </Button>
            <ShowCall call={call} />
          </div>
        )}
      </form>
    </Section>
  )
}
