import { type Column, Section, Table, useFormat } from '../../ui/index.ts'
import type { ModelDetail } from './models-api.ts'
import { useGap, useModelsWords } from './models-words.ts'

type Defaults = NonNullable<ModelDetail['facts']['sampling']['plain']>
const NAMES = ['temperature', 'top_p', 'top_k', 'min_p', 'presence_penalty', 'repetition_penalty'] as const
type Name = (typeof NAMES)[number]

/** What its maker recommends, which a request that does not say gets. */
export function Sampling({ of: { facts } }: { of: ModelDetail }) {
  const t = useModelsWords()
  const gap = useGap()
  const format = useFormat()
  const { thinking, plain } = facts.sampling
  const kinds = [
    ...(thinking ? [{ id: 'thinking', head: t('while-thinking'), values: thinking }] : []),
    ...(plain ? [{ id: 'plain', head: t('plain'), values: plain }] : []),
  ]
  if (kinds.length === 0) return null
  const shown = (values: Defaults, name: Name) => (values[name] === undefined ? '–' : format.figure(values[name], 2))
  const columns: Column<Name>[] = [
    { id: 'name', head: t('parameter'), cell: (name) => <code>{name}</code> },
    ...kinds.map(({ id, head, values }) => ({
      id,
      head: kinds.length > 1 ? head : t('default'),
      right: true,
      phone: true,
      cell: (name: Name) => shown(values, name),
    })),
  ]
  return (
    <Section title={t('sampling')} id="sampling">
      <Table
        label={t('sampling')}
        columns={columns}
        rows={NAMES.filter((name) => kinds.some(({ values }) => values[name] !== undefined))}
        idOf={(name) => name}
      />
      <p className="small faint under-table">
        {t('sampling-says')}
        {gap}
        <span lang="en">{facts.sources.sampling}</span>
      </p>
    </Section>
  )
}
