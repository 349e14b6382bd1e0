import { useQuery } from '@tanstack/react-query'
import { Loaded, Section, Select, ShowCall, useFitReason, useFormat } from '../../ui/index.ts'
import { MemoryBar } from './memory-bar.tsx'
import type { SetModelSearch } from './model-page.tsx'
import { type Estimate, fitQuery, type ModelDetail } from './models-api.ts'
import { useGap, useModelsWords } from './models-words.ts'
import { contextChoices } from './parameters.ts'
import type { ModelSearch } from './search.ts'

/** What it takes of this machine's memory, for a context that one chooses, and why that is so. */
export function WhyFits({ of: detail, search, set }: { of: ModelDetail; search: ModelSearch; set: SetModelSearch }) {
  const t = useModelsWords()
  const gap = useGap()
  const format = useFormat()
  const reasonOf = useFitReason()
  const { model, facts } = detail
  const wish = {
    ...(search.context ? { context_tokens: Math.min(search.context, facts.context_tokens) } : {}),
    ...(search.precision ? { precision: search.precision } : {}),
  }
  const fit = useQuery(fitQuery(model.id, wish))
  const verdict = fit.data?.verdict ?? model.fit.verdict
  const generates = model.task === 'chat' || model.task === 'moderation'
  return (
    <Section
      title={t(`why-${verdict}`)}
      id="why"
      acts={
        <>
          {generates && (
            <Select
              small
              label={t('context')}
              before={t('context')}
              value={String(wish.context_tokens ?? fit.data?.context_tokens ?? model.fit.context_tokens)}
              onChange={(value) => set({ context: Number(value) })}
              choices={contextChoices(
                facts.context_tokens,
                wish.context_tokens ?? fit.data?.context_tokens ?? model.fit.context_tokens,
              ).map((tokens) => ({
                value: String(tokens),
                label: t('tokens-of', { tokens: format.number(tokens) }),
              }))}
            />
          )}
          <ShowCall call={{ method: 'GET', path: `/api/models/${encodeURIComponent(model.id)}/fit`, query: wish }} />
        </>
      }
    >
      <Loaded query={fit} rows={2}>
        {(of) => (
          <>
            <MemoryBar of={of} />
            <p className="t13 soft why-words">
              {reasonOf(of)}
              {gap}
              {of.held_bytes > 0 && `${t('own-is-free', { held: format.amount(of.held_bytes) })}${gap}`}
              {generates && <ContextWords of={of} facts={facts} />}
              {of.sequences > 1 && `${gap}${t('for-sequences', { count: of.sequences })}`}
              {of.unloads.length > 0 &&
                `${gap}${t('unloads', { names: format.list(of.unloads.map(({ name }) => name)) })}`}
            </p>
          </>
        )}
      </Loaded>
    </Section>
  )
}

/** What a token of context takes, as a sum one can check, and what the whole context would take. */
function ContextWords({ of, facts }: { of: Estimate; facts: ModelDetail['facts'] }) {
  const t = useModelsWords()
  const gap = useGap()
  const format = useFormat()
  const each = of.context_bytes_per_token
  if (each === null)
    return (
      facts.context_bytes_why && (
        <>
          {t('context-varies')} <span lang="en">{facts.context_bytes_why}</span>
        </>
      )
    )
  const { shape } = facts
  const isPlain = shape !== null && shape.layers * shape.kv_heads * shape.head_size * 4 === each
  const kib = format.figure(each / 1_024)
  const all = each * of.context_tokens_max
  const here = t('context-at', {
    tokens: format.number(of.context_tokens),
    amount: format.amount(each * of.context_tokens),
  })
  return (
    <>
      {isPlain
        ? t('context-each-sum', { kib, layers: shape.layers, heads: shape.kv_heads, size: shape.head_size })
        : t('context-each', { kib })}
      {gap}
      {here}
      {of.context_tokens < of.context_tokens_max
        ? `${gap}${t(
            of.verdict !== 'does-not-fit' && all + (of.weights_bytes ?? 0) > of.capacity_bytes
              ? 'context-full-not'
              : 'context-full',
            {
              tokens: format.number(of.context_tokens_max),
              amount: format.amount(all),
            },
          )}`
        : ''}
    </>
  )
}
