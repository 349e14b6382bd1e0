import { type Column, Section, Table, useFormat } from '../../ui/index.ts'
import { speedOf } from './phases.ts'
import type { RequestSeen } from './requests-api.ts'
import { useRequestWords } from './requests-words.ts'

type Row = {
  id: 'tokens-in' | 'tokens-cached' | 'tokens-out' | 'tokens-reasoning'
  count: number
  source: RequestSeen['tokens_in_source'] | 'cached' | 'reasoning'
  part: boolean
}

/** How many tokens, and who counted each. */
export function RequestTokens({ of: request }: { of: RequestSeen }) {
  const t = useRequestWords()
  const format = useFormat()
  const speed = speedOf(request)
  const { tokens_in, tokens_cached, tokens_out, tokens_reasoning, tokens_in_source, tokens_out_source } = request
  const rows: Row[] = [
    { id: 'tokens-in', count: tokens_in, source: tokens_in_source, part: false },
    ...(tokens_cached > 0
      ? [{ id: 'tokens-cached', count: tokens_cached, source: 'cached', part: true } as const]
      : []),
    { id: 'tokens-out', count: tokens_out, source: tokens_out_source, part: false },
    ...(tokens_reasoning > 0
      ? [{ id: 'tokens-reasoning', count: tokens_reasoning, source: 'reasoning', part: true } as const]
      : []),
  ]
  const columns: Column<Row>[] = [
    {
      id: 'kind',
      head: t('kind'),
      cell: ({ id, part }) => <span className={part ? 'token-part soft' : 'name'}>{t(id)}</span>,
    },
    { id: 'source', head: t('source'), soft: true, cell: ({ source }) => t(`source-${source}`) },
    { id: 'amount', head: t('amount'), right: true, phone: true, cell: ({ count }) => format.number(count) },
  ]
  return (
    <Section
      title={t('count-of')}
      {...(speed === null ? {} : { count: t('speed', { speed: format.figure(speed, speed < 100 ? 1 : 0) }) })}
    >
      <Table
        label={t('count-of')}
        rows={rows}
        columns={columns}
        idOf={({ id }) => id}
        under={({ source }) => t(`source-${source}`)}
      />
    </Section>
  )
}
