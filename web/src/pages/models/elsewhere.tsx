import { type Column, precisionName, Section, Table, useFormat } from '../../ui/index.ts'
import type { ModelDetail } from './models-api.ts'
import { useModelsWords } from './models-words.ts'

type Hardware = ModelDetail['model']['fit']['served_by'][number]

/** For what does not fit: the hardware that would serve it, and who says so. */
export function Elsewhere({ of: { model, facts } }: { of: ModelDetail }) {
  const t = useModelsWords()
  const format = useFormat()
  const rows = model.fit.served_by
  if (rows.length === 0) return null
  const columns: Column<Hardware>[] = [
    { id: 'hardware', head: t('hardware'), cell: (one) => <span className="name">{one.hardware}</span> },
    {
      id: 'precision',
      head: t('weights-as'),
      soft: true,
      phone: true,
      cell: (one) => precisionName(one.precision, t('other-precision')),
    },
    {
      id: 'memory',
      head: t('memory-least'),
      right: true,
      phone: true,
      cell: (one) => format.amount(one.memory_bytes_min),
    },
    { id: 'basis', head: t('known-from'), soft: true, cell: (one) => t(`basis-${one.basis}`) },
  ]
  return (
    <Section title={t('elsewhere')} id="elsewhere">
      <p className="t13 soft above-table">
        {t('elsewhere-says', { capacity: format.amount(model.fit.capacity_bytes) })}
      </p>
      <Table label={t('elsewhere')} columns={columns} rows={rows} idOf={(one) => `${one.hardware} ${one.precision}`} />
      <p className="small faint under-table" lang="en">
        {facts.sources.servedBy}
      </p>
    </Section>
  )
}
