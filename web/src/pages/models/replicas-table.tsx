import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { usePlace } from '../../app/session.ts'
import {
  type Column,
  ConfirmDialog,
  type Format,
  Id,
  RowMenu,
  ShowCall,
  Sparkline,
  State,
  Table,
  Tip,
  type Tone,
  Trouble,
  toast,
  useFormat,
  useKeptTrouble,
  useNow,
} from '../../ui/index.ts'
import { type Replica, restartReplica } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { UnloadDialog } from './unload-dialog.tsx'
import { useCall } from './use-call.ts'

const TONES: Record<Replica['state'], Tone> = {
  warming: 'live',
  serving: 'on',
  idle: 'plain',
  draining: 'live',
  restarting: 'live',
  failed: 'bad',
}

type Doing = { act: 'restart' | 'unload'; replica: Replica }

/** What runs, with what it does now. `narrow` leaves out what stands elsewhere on the page of one model. */
export function ReplicasTable({ rows, narrow = false }: { rows: readonly Replica[]; narrow?: boolean }) {
  const t = useModelsWords()
  const format = useFormat()
  const now = useNow()
  const navigate = useNavigate()
  const { may } = usePlace()
  const [doing, setDoing] = useState<Doing | null>(null)
  const rate = ({ tokens_per_second: speed }: Replica) => (speed === null ? '–' : format.figure(speed))
  const columns: Column<Replica>[] = [
    {
      id: 'model',
      head: t(narrow ? 'replica' : 'model'),
      cell: (one) =>
        narrow ? (
          <Id text={one.id} short={shortId(one.id)} />
        ) : (
          <Link to="/models/$model" params={{ model: one.model }} className="plain name">
            {one.model_name}
          </Link>
        ),
    },
    ...(narrow ? [] : [{ id: 'id', head: t('replica'), cell: idCell } satisfies Column<Replica>]),
    ...(narrow
      ? []
      : [
          {
            id: 'engine',
            head: t('engine'),
            soft: true,
            cell: (one: Replica) => t(`engine-${one.engine_kind}`),
          } satisfies Column<Replica>,
        ]),
    { id: 'memory', head: t('column-memory'), right: true, cell: (one) => format.amount(one.memory_bytes) },
    {
      id: 'slots',
      head: t('column-slots'),
      right: true,
      cell: (one) =>
        one.slots_busy === null ? one.slots_total : t('busy-of', { busy: one.slots_busy, total: one.slots_total }),
    },
    { id: 'waiting', head: t('waiting'), right: true, cell: (one) => one.waiting ?? '–' },
    {
      id: 'speed',
      head: t('tokens-s-head'),
      right: true,
      cell: (one) =>
        one.tokens_are === 'read' && one.tokens_per_second !== null ? (
          <span>
            <span className="faint">{t('reads')}</span> {rate(one)}
          </span>
        ) : (
          rate(one)
        ),
    },
    {
      id: 'hour',
      head: t('last-hour'),
      width: '96px',
      cell: (one) =>
        one.last_hour && (
          <Sparkline
            values={one.last_hour.tokens_per_second}
            label={t('hour-label', { name: one.model_name, most: format.figure(mostOf(one)) })}
          />
        ),
    },
    {
      id: 'up',
      head: t('up'),
      soft: true,
      cell: (one) => (one.up_since ? upFor(now - Date.parse(one.up_since), format) : '–'),
    },
    { id: 'state', head: t('state'), phone: true, cell: (one) => <ReplicaState of={one} /> },
    {
      id: 'act',
      head: null,
      act: true,
      cell: (one) => {
        const entries = [
          one.task === 'chat' &&
            may('inference') && {
              label: t('open-playground'),
              icon: 'play' as const,
              onSelect: () => void navigate({ to: '/playground', search: { models: one.model } } as never),
            },
          may('models.load') && {
            label: t('restart'),
            icon: 'redo' as const,
            onSelect: () => setDoing({ act: 'restart', replica: one }),
          },
          may('models.unload') && {
            label: t('unload'),
            icon: 'x' as const,
            onSelect: () => setDoing({ act: 'unload', replica: one }),
          },
        ]
        return entries.some(Boolean) && <RowMenu label={t('more-of', { name: one.model_name })} entries={entries} />
      },
    },
  ]
  return (
    <>
      <Table
        label={t('replicas')}
        columns={columns}
        rows={rows}
        idOf={(one) => one.id}
        under={(one) => `${narrow ? '' : `${shortId(one.id)} · `}${rate(one)} ${t('tokens-s')}`}
        {...(narrow
          ? {}
          : {
              onOpen: (one: Replica) => void navigate({ to: '/models/$model', params: { model: one.model } } as never),
            })}
      />
      {doing?.act === 'restart' && <Restart of={doing.replica} onClose={() => setDoing(null)} />}
      {doing?.act === 'unload' && <UnloadDialog id={doing.replica.model} onClose={() => setDoing(null)} />}
    </>
  )
}

function idCell(one: Replica) {
  return <Id text={one.id} short={shortId(one.id)} />
}

/** The clock of the page ticks in steps of some seconds. */
const upFor = (ms: number, format: Format) => (ms < 10_000 ? `< ${format.duration(10_000)}` : format.duration(ms))
const shortId = (id: string) => id.slice(0, 12)
const mostOf = ({ last_hour: hour }: Replica) => Math.max(0, ...(hour?.tokens_per_second ?? []).map((n) => n ?? 0))

function ReplicaState({ of: { state, last_error: error } }: { of: Replica }) {
  const t = useModelsWords()
  const say = useKeptTrouble()
  const shown = <State tone={TONES[state]}>{t(`replica-${state}`)}</State>
  if (error === null) return shown
  return (
    <Tip text={say(error)}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: why it failed must be reachable without a pointer */}
      <span tabIndex={0}>{shown}</span>
    </Tip>
  )
}

function Restart({ of: replica, onClose }: { of: Replica; onClose: () => void }) {
  const t = useModelsWords()
  const call = restartReplica(replica.id)
  const restart = useCall(() => {
    toast({ title: t('restarted', { name: replica.model_name }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('restart-title', { name: replica.model_name })}
      label={t('restart')}
      busy={restart.isPending}
      onConfirm={() => restart.mutate(call)}
      error={restart.error && <Trouble error={restart.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('restart-says')}
    </ConfirmDialog>
  )
}
