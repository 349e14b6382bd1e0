import { useQuery } from '@tanstack/react-query'
import { Ago, Button, Id, ShowCall, State, Trouble, useFormat } from '../../ui/index.ts'
import { VERIFY, verdictQuery } from './trail-api.ts'
import { useTrailWords } from './trail-words.ts'

/** Whether the chain is whole, and what that proves. */
export function Verification() {
  const t = useTrailWords()
  const format = useFormat()
  const { data, error, isFetching, refetch, dataUpdatedAt } = useQuery(verdictQuery)
  return (
    <section className="verification" aria-label={t('verification')}>
      <div>
        {data === undefined ? (
          <State tone="off">{t('not-checked')}</State>
        ) : data.intact ? (
          <State tone="good">{t('intact', { count: format.number(data.events) })}</State>
        ) : (
          <State tone="bad">{t('broken', { count: format.number(data.events) })}</State>
        )}
        <p className="small soft">
          {data && !data.intact ? `${data.why ?? ''} ` : ''}
          {t(data && !data.intact ? 'broken-says' : 'proves')}
        </p>
        {data?.head && (
          <p className="small soft verification-head">
            {t('checked')} <Ago at={dataUpdatedAt} /> · {t('head')}{' '}
            <Id text={data.head} short={`${data.head.slice(0, 12)}…`} />
          </p>
        )}
        {data?.event && (
          <p className="small soft verification-head">
            {t('broken-at')} <Id text={data.event} />
          </p>
        )}
        {error && <Trouble error={error} />}
      </div>
      <div className="row">
        <ShowCall call={VERIFY} />
        <Button small icon="shield" busy={isFetching} onClick={() => void refetch()}>
          {t(data ? 'check-again' : 'check')}
        </Button>
      </div>
    </section>
  )
}
