import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Ago, Button, Loaded, Panel, RowMenu, SearchInput, State, Tag } from '../../ui/index.ts'
import { modelOf } from './columns.ts'
import { type SessionRow, sessionsQuery } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { keepProject } from './search.ts'
import { DeleteDialog, DuplicateDialog } from './session-dialogs.tsx'

/** Saved sessions of the project: one's own, and those that others share. */
export function SavedPanel({
  projectId,
  openId,
  find,
  onFind,
  onClose,
}: {
  projectId: string
  openId: string | null
  find: string
  onFind: (text: string) => void
  onClose: () => void
}) {
  const t = usePlaygroundWords()
  const query = useInfiniteQuery(sessionsQuery(projectId, find))
  const rows = query.data?.pages.flatMap((page) => page.data)
  return (
    <Panel title={t('saved')} says={t('saved-says')} onClose={onClose}>
      <SearchInput label={t('find-saved')} value={find} onChange={onFind} />
      <Loaded query={{ ...query, data: rows }}>
        {(sessions) => (
          <>
            <ul className="sessions">
              {sessions.map((session) => (
                <SessionItem key={session.id} session={session} open={session.id === openId} />
              ))}
            </ul>
            {sessions.length === 0 && (
              <p className="t13 soft none-saved">{t(find === '' ? 'none-saved' : 'none-found')}</p>
            )}
            {query.hasNextPage && (
              <div className="more-row">
                <Button small busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t('more')}
                </Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  )
}

function SessionItem({ session, open }: { session: SessionRow; open: boolean }) {
  const t = usePlaygroundWords()
  const navigate = useNavigate()
  const [act, setAct] = useState<'copy' | 'delete' | null>(null)
  const go = (id: string) =>
    void navigate({ to: '/playground/$session', params: { session: id }, search: keepProject } as never)
  return (
    <li className={open ? 'picked' : ''}>
      <button type="button" className="session" aria-current={open || undefined} onClick={() => go(session.id)}>
        <span className="row">
          <b className="cut" title={session.title}>
            {session.title}
          </b>
          <Tag>{t(`mode-${session.kind}`)}</Tag>
        </span>
        <span className="faint small cut">{[...new Set(session.models.map(modelOf))].join(', ')}</span>
        <span className="row faint small">
          <Ago at={session.updated_at} />
          {session.mine ? null : <span className="cut">{session.created_by_name ?? t('somebody')}</span>}
          {session.visibility === 'project' && <State tone="on">{t('shared')}</State>}
        </span>
      </button>
      <RowMenu
        label={t('more-of', { title: session.title })}
        entries={[
          session.allowed.includes('update') && { label: t('duplicate'), icon: 'copy', onSelect: () => setAct('copy') },
          session.allowed.includes('delete') && {
            label: t('delete'),
            icon: 'bin',
            danger: true,
            onSelect: () => setAct('delete'),
          },
        ]}
      />
      {act === 'copy' && <DuplicateDialog session={session} onClose={() => setAct(null)} />}
      {act === 'delete' && <DeleteDialog session={session} open={open} onClose={() => setAct(null)} />}
    </li>
  )
}
