/** Models: what this installation can serve, what each model needs, and what runs now. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { Button, Loaded, Page, PageTitle, Section } from '../../ui/index.ts'
import { AddModelDialog } from './add-model.tsx'
import { Catalogue } from './catalogue.tsx'
import { LoadDialog } from './load-dialog.tsx'
import { replicasQuery } from './models-api.ts'
import { ModelsStrip } from './models-strip.tsx'
import { useModelsWords } from './models-words.ts'
import { PullDialog } from './pull-dialog.tsx'
import { ReplicasTable } from './replicas-table.tsx'
import type { ModelsSearch } from './search.ts'
import { ServedElsewhere } from './served-elsewhere.tsx'
import { UnderWay } from './under-way.tsx'
import { UnloadDialog } from './unload-dialog.tsx'
import './models.css'

export default function ModelsPage() {
  const t = useModelsWords()
  const { may } = usePlace()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as ModelsSearch
  const seesReplicas = may('status.read')
  const replicas = useQuery(replicasQuery(seesReplicas))
  const set = (change: Partial<Record<keyof ModelsSearch, unknown>>) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace: true } as never)
  const close = () => set({ act: undefined, of: undefined, from: undefined, repo: undefined })
  return (
    <Page>
      <PageTitle title={t('title')} says={t('says')}>
        {may('models.pull') && (
          <Button look="primary" icon="plus" onClick={() => set({ act: 'add' })}>
            {t('add')}
          </Button>
        )}
      </PageTitle>
      {seesReplicas && (
        <Loaded query={replicas} rows={2}>
          {({ strip }) => <ModelsStrip of={strip} />}
        </Loaded>
      )}
      <UnderWay />
      {replicas.data && (
        <Section title={t('replicas')} count={replicas.data.data.length || undefined} id="replicas">
          {replicas.data.data.length > 0 ? (
            <ReplicasTable rows={replicas.data.data} />
          ) : (
            <p className="soft t13">{t('nothing-runs')}</p>
          )}
        </Section>
      )}
      <ServedElsewhere />
      <Catalogue search={search} set={set} />
      {search.act === 'add' && may('models.pull') && <AddModelDialog search={search} set={set} onClose={close} />}
      {search.of && search.act === 'pull' && may('models.pull') && <PullDialog id={search.of} onClose={close} />}
      {search.of && search.act === 'load' && may('models.load') && <LoadDialog id={search.of} onClose={close} />}
      {search.of && search.act === 'unload' && may('models.unload') && <UnloadDialog id={search.of} onClose={close} />}
    </Page>
  )
}
