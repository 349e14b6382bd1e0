import { useId } from 'react'
import { usePlace } from '../../app/session.ts'
import { type Column, FitState, precisionName, Section, Table, Tag, useFormat } from '../../ui/index.ts'
import type { SetModelSearch } from './model-page.tsx'
import type { Choice, ModelDetail } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import type { ModelSearch } from './search.ts'
import { SpeedShown } from './speed-shown.tsx'

/** The forms that its weights have, what each takes here, and where it comes from. Choosing one recomputes the memory. */
export function Precisions({
  of: { model, precisions, no_source },
  search,
  set,
}: {
  of: ModelDetail
  search: ModelSearch
  set: SetModelSearch
}) {
  const t = useModelsWords()
  const format = useFormat()
  const group = useId()
  const { may } = usePlace()
  const generates = model.task === 'chat' || model.task === 'moderation'
  const chosen = search.precision ?? model.weights?.precision ?? model.precision
  const sized = generates ? precisions.find((one) => one.fit.needed_bytes !== null) : undefined
  const nameOf = (one: Choice) => precisionName(one.precision, t('other-precision'))
  const columns: Column<Choice>[] = [
    {
      id: 'precision',
      head: t('weights-as'),
      cell: (one) => (
        <label className={`tick round ${one.precision === chosen ? 'on' : ''}`}>
          <input
            type="radio"
            className="hide"
            name={group}
            checked={one.precision === chosen}
            onChange={() => set({ precision: one.precision })}
          />
          <i />
          <span className="name">{nameOf(one)}</span>
          {one.here ? (
            <Tag tone="good">{t('is-here')}</Tag>
          ) : (
            one.recommended && one.source && <Tag>{t('recommended')}</Tag>
          )}
        </label>
      ),
    },
    {
      id: 'disk',
      head: t('column-disk'),
      right: true,
      cell: (one) => `${one.basis === 'computed' ? '≈ ' : ''}${format.amount(one.weights_bytes)}`,
    },
    {
      id: 'memory',
      head: t('in-memory'),
      right: true,
      phone: true,
      cell: (one) => (one.fit.needed_bytes === null ? '–' : `≈ ${format.amount(one.fit.needed_bytes)}`),
    },
    { id: 'fit', head: t('verdict'), phone: true, cell: (one) => <FitState verdict={one.fit.verdict} /> },
    { id: 'speed', head: t('tokens-s-head'), right: true, cell: (one) => <SpeedShown of={one.speed} /> },
    { id: 'source', head: t('source'), soft: true, cell: (one) => <Source of={one} /> },
  ]
  return (
    <Section title={t('precision')} id="precisions">
      <Table label={t('precision')} columns={columns} rows={precisions} idOf={(one) => one.precision} openId={chosen} />
      {sized && (
        <p className="small faint under-table">
          {t('memory-is-for', { context: format.number(sized.fit.context_tokens) })}
        </p>
      )}
      {no_source && model.weights === null && (
        <p className="t13 soft under-table">
          {t('no-source')} <span lang="en">{no_source}</span>
        </p>
      )}
      {!may('models.pull') && model.weights === null && <p className="small faint under-table">{t('operators-act')}</p>}
    </Section>
  )
}

function Source({ of: { source } }: { of: Choice }) {
  const t = useModelsWords()
  if (source === null) return <span className="faint">{t('nobody-publishes')}</span>
  const word = t(source.publisher === 'maker' ? 'by-maker' : 'by-community')
  return source.url ? (
    <a href={source.url} target="_blank" rel="noreferrer" title={`${source.name}. ${source.evidence}`}>
      {word}
    </a>
  ) : (
    <span title={source.evidence}>{source.name}</span>
  )
}
