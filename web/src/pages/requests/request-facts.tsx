import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { usePlace } from '../../app/session.ts'
import { Ago, Fact, Facts, Id, Section, useFormat } from '../../ui/index.ts'
import { isUpstream, UpstreamName } from '../upstreams/upstream-name.tsx'
import { keyName } from './request-columns.tsx'
import type { RequestWhole } from './requests-api.ts'
import { useRequestWords } from './requests-words.ts'

const FINISHES = ['stop', 'length', 'tool_calls', 'content_filter'] as const

/** Whose it was, and what it went through. */
export function RequestFacts({ of: request }: { of: RequestWhole }) {
  const t = useRequestWords()
  const { may } = usePlace()
  const { key_kind, key_id, person_name, person_id, engine_id, deployment_id, adapter, retries, detail, status } =
    request
  const finish = FINISHES.find((one) => one === request.finish)
  return (
    <Section title={t('facts')}>
      <Facts lined>
        <Fact name={t('id')}>
          <Id text={request.id} />
        </Fact>
        <Fact name={t('began')}>
          <Ago at={request.started_at} />
        </Fact>
        <Fact name={t('key')}>
          {key_kind === 'api' && may('keys.list') ? (
            <Link to="/keys/$key" params={{ key: key_id }}>
              {keyName(request, t)}
            </Link>
          ) : (
            keyName(request, t)
          )}
          <Link
            to="/usage"
            search={{ key: key_kind === 'console' ? 'playground' : key_id, range: '30d' } as never}
            className="small key-usage"
          >
            {t('usage-of')}
          </Link>
        </Fact>
        <Fact name={t('person')}>{person_name ?? person_id ?? '–'}</Fact>
        <Fact name={t('project')}>
          <Link to="/usage" search={{ project: request.project_id, range: '30d' } as never}>
            {request.project_name ?? request.project_id}
          </Link>
        </Fact>
        <Fact name={t('model')}>
          {isUpstream(engine_id) ? (
            request.model
          ) : (
            <Link to="/models/$model" params={{ model: request.model }}>
              {request.model}
            </Link>
          )}
        </Fact>
        {request.requested_model !== null && <Fact name={t('asked-for')}>{request.requested_model}</Fact>}
        {adapter && <Fact name={t('adapter')}>{adapter}</Fact>}
        <Fact name={t('route')}>
          <span className="mono">{request.route}</span>
        </Fact>
        <Fact name={t('status')}>{status === 499 ? t('status-499', { status }) : status}</Fact>
        <Fact name={t('streamed')}>{t(request.stream ? 'yes' : 'no')}</Fact>
        {request.finish !== null && <Fact name={t('finish')}>{finish ? t(`finish-${finish}`) : request.finish}</Fact>}
        {detail && <Fact name={t('client')}>{detail.client ?? t('client-unsaid')}</Fact>}
        <Fact name={t(isUpstream(engine_id) ? 'upstream' : 'engine')}>
          {engine_id === null ? (
            t('engine-none')
          ) : isUpstream(engine_id) ? (
            <UpstreamName id={engine_id} />
          ) : (
            <Id text={engine_id} />
          )}
        </Fact>
        {deployment_id !== null && (
          <Fact name={t('deployment')}>
            <Id text={deployment_id} />
          </Fact>
        )}
        <Fact name={t('retries')}>{retries === 0 ? t('retries-none') : t('retries-some', { count: retries })}</Fact>
        {detail && detail.failed_attempts.length > 0 && (
          <Fact name={t('attempts')}>
            <FailedAttempts of={detail.failed_attempts} />
          </Fact>
        )}
      </Facts>
    </Section>
  )
}

/** Which models were tried, and what each of them did. */
function FailedAttempts({ of: attempts }: { of: NonNullable<RequestWhole['detail']>['failed_attempts'] }) {
  const t = useRequestWords()
  const format = useFormat()
  return attempts.map(({ model, failed, status, after_ms }) => (
    <div key={`${model} ${failed} ${after_ms}`}>
      {model} <span className="faint">{t(`attempt-${failed}`, { status: status ?? '–' })}</span>{' '}
      <span className="small faint">{t('attempt-after', { time: format.duration(after_ms) })}</span>
    </div>
  ))
}

/** Settings as sent, by the names that they have in the API. */
export function RequestParameters({ of: { detail } }: { of: RequestWhole }) {
  const t = useRequestWords()
  const format = useFormat()
  if (!detail) return null
  const { body_bytes, stream: _, ...sent } = detail.parameters
  const write = (value: unknown): ReactNode =>
    typeof value === 'boolean'
      ? t(value ? 'yes' : 'no')
      : typeof value === 'number'
        ? format.figure(value, 6)
        : `${value}`
  return (
    <Section title={t('parameters')}>
      <Facts lined>
        {Object.entries(sent).map(([name, value]) => (
          <Fact key={name} name={<span className="mono">{name}</span>}>
            {write(value)}
          </Fact>
        ))}
        <Fact name={t('bytes')}>{format.bytes(body_bytes)}</Fact>
      </Facts>
      <p className="small faint code-foot">{t('parameters-foot')}</p>
    </Section>
  )
}
