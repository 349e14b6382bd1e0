/** Where one is signed in. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import {
  Ago,
  Button,
  type Column,
  ConfirmDialog,
  Loaded,
  ShowCall,
  Table,
  TableFoot,
  Tag,
  Trouble,
  toast,
} from '../../ui/index.ts'
import { END_OTHERS, endSession, type Session, sessionsQuery } from './account-api.ts'
import { useAccountWords } from './account-words.ts'

type Words = ReturnType<typeof useAccountWords>

export function Sessions() {
  const t = useAccountWords()
  const query = useInfiniteQuery(sessionsQuery)
  const [ending, setEnding] = useState<Session | 'others' | null>(null)
  const sessions = query.data?.pages.flatMap((page) => page.data)
  const others = sessions?.some((session) => !session.current) ?? false
  return (
    <Loaded query={{ ...query, data: sessions }} rows={3}>
      {(rows) => (
        <>
          <Table
            label={t('sessions')}
            rows={rows}
            columns={columns(t, setEnding)}
            idOf={(session) => session.id}
            under={(session) => (
              <>
                {session.address ?? t('unknown-address')} ·{' '}
                {session.current ? t('now') : <Ago at={session.last_seen_at} />}
              </>
            )}
          />
          {query.hasNextPage && (
            <div className="more-row">
              <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {t('more')}
              </Button>
            </div>
          )}
          <TableFoot
            end={
              others && (
                <Button small onClick={() => setEnding('others')}>
                  {t('end-others')}
                </Button>
              )
            }
          >
            {others && t('sessions-foot')}
          </TableFoot>
          {ending === 'others' && <EndOthersDialog onClose={() => setEnding(null)} />}
          {ending !== null && ending !== 'others' && <EndDialog of={ending} onClose={() => setEnding(null)} />}
        </>
      )}
    </Loaded>
  )
}

function deviceOf(t: Words, { browser, system }: Session): string {
  if (browser && system) return t('browser-on', { browser, system })
  return browser ?? system ?? t('unknown-device')
}

function columns(t: Words, onEnd: (session: Session) => void): Column<Session>[] {
  return [
    {
      id: 'device',
      head: t('device'),
      cell: (session) => (
        <span className="row">
          <span className="name cut">{deviceOf(t, session)}</span>
          {session.current && <Tag tone="trade">{t('this-one')}</Tag>}
        </span>
      ),
    },
    { id: 'address', head: t('address'), soft: true, cell: (session) => session.address ?? t('unknown-address') },
    { id: 'since', head: t('since'), soft: true, cell: (session) => <Ago at={session.created_at} /> },
    {
      id: 'seen',
      head: t('last-seen'),
      soft: true,
      cell: (session) => (session.current ? t('now') : <Ago at={session.last_seen_at} />),
    },
    {
      id: 'act',
      head: null,
      act: true,
      phone: true,
      cell: (session) =>
        !session.current && (
          <Button look="go" aria-label={t('end-one', { device: deviceOf(t, session) })} onClick={() => onEnd(session)}>
            {t('end')}
          </Button>
        ),
    },
  ]
}

function EndDialog({ of: session, onClose }: { of: Session; onClose: () => void }) {
  const t = useAccountWords()
  const call = endSession(session.id)
  const act = useAct(['sessions'], () => {
    toast({ title: t('ended') })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('end-title', { device: deviceOf(t, session) })}
      label={t('end')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('end-says')}
    </ConfirmDialog>
  )
}

function EndOthersDialog({ onClose }: { onClose: () => void }) {
  const t = useAccountWords()
  const act = useAct<{ sessions_ended: number }>(['sessions'], ({ sessions_ended }) => {
    toast({ title: t('ended-others', { count: sessions_ended }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('end-others-title')}
      label={t('end-others-act')}
      busy={act.isPending}
      onConfirm={() => act.mutate(END_OTHERS)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={END_OTHERS} />}
    >
      {t('end-others-says')}
    </ConfirmDialog>
  )
}
