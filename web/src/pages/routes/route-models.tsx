import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import { usePlace } from '../../app/session.ts'
import {
  Ago,
  Button,
  type Column,
  ConfirmDialog,
  Loaded,
  Section,
  ShowCall,
  Table,
  Trouble,
  toast,
} from '../../ui/index.ts'
import { ModelStanding } from './model-standing.tsx'
import { drainModel, type RouteModel, routeModelsQuery } from './routes-api.ts'
import { useRouteWords } from './routes-words.ts'

/** All models that a route may lead to, and the switch that lets one run out. */
export function RouteModels() {
  const t = useRouteWords()
  const { may } = usePlace()
  const query = useQuery(routeModelsQuery)
  const [asked, setAsked] = useState<RouteModel | null>(null)
  const columns: Column<RouteModel>[] = [
    { id: 'name', head: t('model'), cell: ({ name }) => <span className="cut">{name}</span> },
    {
      id: 'where',
      head: t('where'),
      soft: true,
      cell: ({ upstream }) => (upstream === null ? t('here') : t('at-upstream', { name: upstream })),
    },
    { id: 'replicas', head: t('engines'), right: true, cell: ({ replicas }) => replicas },
    { id: 'routes', head: t('in-routes'), soft: true, cell: ({ routes }) => routes.join(', ') || '–' },
    {
      id: 'state',
      head: t('state'),
      phone: true,
      cell: (model) => (
        <>
          <ModelStanding of={{ ...model, draining: model.draining_since !== null }} />
          {model.draining_since !== null && (
            <span className="small faint desk-only">
              {' '}
              <Ago at={model.draining_since} /> {t('by', { name: model.draining_by_name ?? t('command-line') })}
            </span>
          )}
        </>
      ),
    },
    {
      id: 'act',
      head: null,
      act: true,
      phone: true,
      cell: (model) =>
        may('routes.change') && (
          <Button small onClick={() => setAsked(model)}>
            {t(model.draining_since === null ? 'drain' : 'undrain')}
          </Button>
        ),
    },
  ]
  return (
    <Section title={t('models')}>
      <p className="t13 soft">{t('models-says')}</p>
      <Loaded query={query} rows={4}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="soft">{t('no-models')}</p>
          ) : (
            <Table label={t('models')} rows={data} columns={columns} idOf={({ name }) => name} />
          )
        }
      </Loaded>
      {asked !== null && <DrainDialog of={asked} onClose={() => setAsked(null)} />}
    </Section>
  )
}

function DrainDialog({ of: model, onClose }: { of: RouteModel; onClose: () => void }) {
  const t = useRouteWords()
  const drains = model.draining_since === null
  const call = drainModel(model.name, drains)
  const act = useAct(['routes'], () => {
    toast({ title: t(drains ? 'drained' : 'undrained', { name: model.name }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t(drains ? 'drain-title' : 'undrain-title', { name: model.name })}
      label={t(drains ? 'drain' : 'undrain')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t(drains ? 'drain-says' : 'undrain-says')}
    </ConfirmDialog>
  )
}
