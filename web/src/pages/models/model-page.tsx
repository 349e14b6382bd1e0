/** One model: does it fit and why, in which precision, what it is and where that is known from, who uses it. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useLive } from '../../app/live.ts'
import { usePlace } from '../../app/session.ts'
import { Code, gapAfter, Loaded, Page, PageTitle, Section } from '../../ui/index.ts'
import { Adapters } from './adapters.tsx'
import { callSamples } from './call-samples.ts'
import { DeleteDialog } from './delete-dialog.tsx'
import { Elsewhere } from './elsewhere.tsx'
import { LoadDialog } from './load-dialog.tsx'
import { ModelActs } from './model-acts.tsx'
import { ModelFacts } from './model-facts.tsx'
import { ModelStrip } from './model-strip.tsx'
import { type ModelDetail, modelQuery, replicasQuery } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { Precisions } from './precisions.tsx'
import { PullDialog } from './pull-dialog.tsx'
import { PullTrouble } from './pull-trouble.tsx'
import { ReplicasTable } from './replicas-table.tsx'
import { Sampling } from './sampling.tsx'
import type { ModelSearch } from './search.ts'
import { UnderWay } from './under-way.tsx'
import { UnloadDialog } from './unload-dialog.tsx'
import { useModelSentence } from './use-model-sentence.ts'
import { UsedBy } from './used-by.tsx'
import { WhyFits } from './why-fits.tsx'
import './models.css'

export type SetModelSearch = (change: Partial<Record<keyof ModelSearch, unknown>>) => void

export default function ModelPage() {
  const t = useModelsWords()
  const { model: id = '' } = useParams({ strict: false }) as { model?: string }
  const search = useSearch({ strict: false }) as ModelSearch
  const navigate = useNavigate()
  const { may } = usePlace()
  const query = useQuery(modelQuery(id))
  const set: SetModelSearch = (change) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace: true } as never)
  const close = () => set({ act: undefined })
  return (
    <Page>
      {!query.data && <PageTitle title={id} />}
      <Loaded query={query} rows={8}>
        {(detail) => <Story of={detail} search={search} set={set} />}
      </Loaded>
      {query.error && !query.data && (
        <div className="under-strip">
          <Link to="/models" className="btn">
            {t('all-models')}
          </Link>
        </div>
      )}
      {query.data && (
        <>
          {search.act === 'pull' && may('models.pull') && <PullDialog id={id} onClose={close} />}
          {search.act === 'load' && may('models.load') && <LoadDialog id={id} onClose={close} />}
          {search.act === 'unload' && may('models.unload') && <UnloadDialog id={id} onClose={close} />}
          {search.act === 'delete' && query.data.consequences && (
            <DeleteDialog of={query.data} consequences={query.data.consequences} onClose={close} />
          )}
        </>
      )}
    </Page>
  )
}

function Story({ of: detail, search, set }: { of: ModelDetail; search: ModelSearch; set: SetModelSearch }) {
  const t = useModelsWords()
  const { may } = usePlace()
  const says = useModelSentence()(detail)
  const { model } = detail
  useEffect(() => {
    // A link to a part of the page comes before the part does.
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView()
  }, [])
  const replicas = useQuery(replicasQuery(may('status.read')))
  const own = (replicas.data?.data ?? detail.replicas).filter((one) => one.model === model.id)
  const pulling = useLive().pulls.some((pull) => pull.model === model.id && pull.state === 'failed')
  return (
    <>
      <PageTitle title={model.name} says={says}>
        <ModelActs of={detail} set={set} />
      </PageTitle>
      <ModelStrip of={detail} />
      {model.trouble && !pulling && model.pull?.state !== 'failed' && (
        <div className="under-strip">
          <PullTrouble error={model.trouble} />
        </div>
      )}
      <UnderWay model={model.id} />
      <div className="cols model-cols">
        <div>
          <WhyFits of={detail} search={search} set={set} />
          <Precisions of={detail} search={search} set={set} />
          <Elsewhere of={detail} />
          {own.length > 0 && (
            <Section title={t('replicas')} count={own.length} id="replicas">
              <ReplicasTable rows={own} narrow />
            </Section>
          )}
          <Adapters of={detail} search={search} set={set} />
          <UsedBy of={detail} />
        </div>
        <aside aria-label={t('facts')}>
          {model.served && (model.weights !== null || detail.no_source === null) && (
            <Section title={t('call-it')}>
              <Code
                samples={callSamples(model.id, model.task)}
                foot={
                  <>
                    {t(model.weights === null ? 'runs-once-here' : 'runs-as-printed')}
                    {gapAfter(t('runs-as-printed'))}
                    {may('keys.create') && <Link to="/keys">{t('create-key')}</Link>}
                  </>
                }
              />
            </Section>
          )}
          <ModelFacts of={detail} />
          <Sampling of={detail} />
        </aside>
      </div>
    </>
  )
}
