/** Overview: what runs, what it takes, and what needs somebody. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useLive } from '../../app/live.ts'
import { usePlace } from '../../app/session.ts'
import { Code, Figure, Loaded, Page, PageTitle, Section, Strip, useFormat } from '../../ui/index.ts'
import { firstCall } from '../keys/first-call.ts'
import { useModelNames } from '../keys/model-names.ts'
import { DayChart } from './day-chart.tsx'
import { LastRequests } from './last-requests.tsx'
import { NeedsYou } from './needs-you.tsx'
import { NextSteps } from './next-steps.tsx'
import { loadedModelsQuery, type Overview, overviewQuery } from './overview-api.ts'
import { useOverviewWords } from './overview-words.ts'
import { UnderWay } from './under-way.tsx'

export default function OverviewPage() {
  const t = useOverviewWords()
  const { project, may } = usePlace()
  const usage = useQuery(overviewQuery(project?.id ?? ''))
  const models = useModelNames()
  if (!project) return <NoPlace />
  return (
    <Page>
      <PageTitle title={t('title')} says={t('says', { project: project.name })}>
        {may('inference') && (
          <Link to="/playground" className="btn primary">
            {t('open-playground')}
          </Link>
        )}
      </PageTitle>
      <Loaded query={usage} rows={3}>
        {(overview) => <Figures of={overview} />}
      </Loaded>
      <div className="cols overview-cols">
        <div>
          {usage.data && (
            <section className="section">
              <DayChart of={usage.data} />
            </section>
          )}
          <LastRequests projectId={project.id} />
        </div>
        <div>
          <NextSteps />
          <NeedsYou />
          <UnderWay />
          {models[0] && (
            <Section title={t('call-it')}>
              <Code samples={firstCall(models[0], '$TRADEWIND_KEY')} />
            </Section>
          )}
        </div>
      </div>
    </Page>
  )
}

function Figures({ of: { today, last_week } }: { of: Overview }) {
  const t = useOverviewWords()
  const format = useFormat()
  const { replicas } = useLive()
  const { totals } = today
  const before = last_week.totals.tokens
  const change = before === 0 ? null : totals.tokens / before - 1
  const { may } = usePlace()
  // Who may not see what runs sees which models answer at once.
  const listed = useQuery(loadedModelsQuery(may('models.list') && replicas === null)).data
  const running = replicas?.filter((replica) => replica.state === 'serving' || replica.state === 'idle')
  const loaded = running
    ? { count: running.length, names: running.map((replica) => replica.model_name) }
    : listed && { count: listed.total, names: listed.data.map((model) => model.name) }
  const range = { from: today.from, to: today.to }
  return (
    <Strip>
      <Link to="/usage" search={range as never}>
        <Figure
          label={t('tokens-today')}
          line={
            change === null
              ? t('no-comparison')
              : t(change >= 0 ? 'above' : 'below', { share: format.percent(Math.abs(change), 0) })
          }
        >
          {format.compact(totals.tokens)}
        </Figure>
      </Link>
      <Link to="/requests" search={range as never}>
        <Figure
          label={t('requests-today')}
          line={t('failed', {
            count: format.number(totals.failed),
            share: format.percent(totals.failed / Math.max(1, totals.requests)),
          })}
        >
          {format.number(totals.requests)}
        </Figure>
      </Link>
      <Link to="/usage" search={range as never}>
        <Figure
          label={t('first-token')}
          {...(totals.first_token_ms ? { unit: unitOf(format.duration(totals.first_token_ms.p50)) } : {})}
          line={
            totals.first_token_ms ? (
              <span title={t('about-help')}>{t('p95', { time: format.duration(totals.first_token_ms.p95) })}</span>
            ) : (
              t('none-yet')
            )
          }
        >
          {totals.first_token_ms ? (
            <span title={t('about-help')}>≈ {amountOf(format.duration(totals.first_token_ms.p50))}</span>
          ) : (
            '–'
          )}
        </Figure>
      </Link>
      <Link to="/models">
        <Figure
          label={t('loaded')}
          {...(loaded ? { unit: t('models', { count: loaded.count }) } : {})}
          line={loaded && (format.list(loaded.names) || t('loads-when-asked'))}
        >
          {loaded ? format.number(loaded.count) : '–'}
        </Figure>
      </Link>
    </Strip>
  )
}

/** "188 ms" as a figure and its unit. */
const amountOf = (duration: string) => duration.split(' ')[0] ?? ''
const unitOf = (duration: string) => duration.split(' ').slice(1).join(' ')

/** Signed in, and invited to nothing yet. */
function NoPlace() {
  const t = useOverviewWords()
  const { organization, may } = usePlace()
  return (
    <Page>
      <PageTitle
        title={t(organization ? 'no-project' : 'no-organization')}
        says={t(organization ? 'no-project-says' : 'no-organization-says')}
      />
      {(may('project.create') || may('organizations.create')) && (
        <Link to="/settings" className="btn primary">
          {t('make-one')}
        </Link>
      )}
    </Page>
  )
}
