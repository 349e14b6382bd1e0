/** The row above the work: which mode, whether it is kept, and what one may do with the whole. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { ApiError, api } from '../../api/client.ts'
import { usePlace } from '../../app/session.ts'
import { Ago, Button, Menu, ShowCall, Tip, toast } from '../../ui/index.ts'
import { type Desk, isChanged, useDesk } from './desk.ts'
import type { Doc } from './document-turns.ts'
import { ModeTabs } from './mode-tabs.tsx'
import { type Session, saveOver, sessionQuery } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { SaveDialog } from './save-dialog.tsx'
import { keepProject } from './search.ts'
import { DeleteDialog, DuplicateDialog } from './session-dialogs.tsx'
import { isConflict, RenameDialog, ShareDialog } from './share-dialog.tsx'

export function Toolbar({
  desk,
  projectId,
  onSavedPanel,
  onParameters,
  onCode,
  compare,
}: {
  desk: Desk
  projectId: string
  onSavedPanel: () => void
  /** Absent where the mode has none. */
  onParameters?: () => void
  onCode: () => void
  /** Adds a model. */
  compare: ReactNode
}) {
  const t = usePlaygroundWords()
  const { may } = usePlace()
  const mode = useDesk(desk, (state) => state.mode)
  return (
    <header className="play-bar">
      <ModeTabs projectId={projectId} now={mode} />
      <span className="push row play-acts">
        <Kept desk={desk} />
        {compare}
        {may('playground.read') && (
          <Tip text={t('saved')}>
            <Button look="quiet" small icon="book" aria-label={t('saved')} onClick={onSavedPanel} />
          </Tip>
        )}
        {onParameters && (
          <span className="desk-only">
            <Tip text={t('parameters')}>
              <Button look="quiet" small icon="tune" aria-label={t('parameters')} onClick={onParameters} />
            </Tip>
          </span>
        )}
        <Keep desk={desk} projectId={projectId} onCode={onCode} />
      </span>
    </header>
  )
}

/** In which way it is kept. */
function Kept({ desk }: { desk: Desk }) {
  const t = usePlaygroundWords()
  const session = useDesk(desk, (state) => state.session)
  const changed = useDesk(desk, isChanged)
  return (
    <span className="kept desk-only">
      <Tip text={t(!session ? 'kept-here' : changed ? 'kept-changed' : 'kept-saved')}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the tip is for the keyboard too */}
        <span className="faint nowrap" tabIndex={0}>
          {changed ? (
            t(session ? 'unsaved-changes' : 'not-saved')
          ) : session ? (
            <>
              {t('saved-at')} <Ago at={session.updated_at} />
            </>
          ) : null}
        </span>
      </Tip>
    </span>
  )
}

/** Save, and the menu of what else one may do with a session. */
function Keep({ desk, projectId, onCode }: { desk: Desk; projectId: string; onCode: () => void }) {
  const t = usePlaygroundWords()
  const { may } = usePlace()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const session = useDesk(desk, (state) => state.session)
  const changed = useDesk(desk, isChanged)
  const doc = useDesk(desk, (state) => state.doc)
  const [open, setOpen] = useState<'save' | 'copy' | 'title' | 'share' | 'delete' | null>(null)
  const close = () => setOpen(null)
  const mine = session === null || session.allowed.includes('update')

  const took = (saved: Session, sent: Doc | null) => {
    queries.setQueryData(sessionQuery(saved.id).queryKey, saved)
    void queries.invalidateQueries({ queryKey: ['playground', 'list'] })
    desk.saved(saved, sent)
  }
  const meetNewer = () => {
    if (session) void queries.fetchQuery({ ...sessionQuery(session.id), staleTime: 0 }).then(desk.meet)
  }
  const change = (session: Session) => ({
    session,
    onClose: close,
    onConflict: () => {
      close()
      meetNewer()
    },
  })
  const over = (session: Session, document: Doc) => saveOver(session.id, { revision: session.revision, document })
  const save = useMutation({
    mutationFn: ({ of, sent }: { of: Session; sent: Doc }) => api<Session>(over(of, sent)),
    onSuccess: (saved, { sent }) => took(saved, sent),
    onError: (error) => {
      if (isConflict(error)) meetNewer()
      else toast({ title: t('not-kept'), says: error instanceof ApiError ? error.message : '' }, 'bad')
    },
  })
  return (
    <>
      {may('playground.write') && (
        <span className="row keeps">
          <Button
            small
            busy={save.isPending}
            disabled={!changed || doc.models.length === 0}
            onClick={() => (session && mine ? save.mutate({ of: session, sent: desk.whole() }) : setOpen('save'))}
          >
            {t(mine ? 'save' : 'save-copy')}
          </Button>
          {session && mine && changed && <ShowCall call={over(session, desk.whole())} />}
        </span>
      )}
      <Menu
        trigger={<Button look="quiet" small icon="more" aria-label={t('more-acts')} />}
        entries={[
          {
            label: t('new'),
            icon: 'plus',
            onSelect: () =>
              session ? void navigate({ to: '/playground', search: keepProject } as never) : desk.clear(),
          },
          { label: t('show-code'), icon: 'code', onSelect: onCode },
          session !== null && 'line',
          session !== null && mine && { label: t('share'), icon: 'people', onSelect: () => setOpen('share') },
          session !== null && mine && { label: t('rename'), icon: 'pen', onSelect: () => setOpen('title') },
          session !== null &&
            may('playground.write') && { label: t('duplicate'), icon: 'copy', onSelect: () => setOpen('copy') },
          session?.allowed.includes('delete') === true && {
            label: t('delete'),
            icon: 'bin',
            danger: true,
            onSelect: () => setOpen('delete'),
          },
        ]}
      />
      {open === 'save' && (
        <SaveDialog
          desk={desk}
          projectId={projectId}
          title={session ? t('copy-of', { title: session.title }) : titleFrom(doc)}
          onClose={close}
          onSaved={(saved, sent) => {
            close()
            desk.saved(saved, sent)
            void navigate({ to: '/playground/$session', params: { session: saved.id }, search: keepProject } as never)
          }}
        />
      )}
      {session && open === 'share' && (
        <ShareDialog {...change(session)} onSaved={(saved) => took(saved, saved.document)} />
      )}
      {session && open === 'title' && (
        <RenameDialog
          {...change(session)}
          onSaved={(saved) => {
            close()
            took(saved, saved.document)
            toast({ title: t('kept-now') })
          }}
        />
      )}
      {session && open === 'copy' && <DuplicateDialog session={session} onClose={close} />}
      {session && open === 'delete' && <DeleteDialog session={session} open onClose={close} />}
    </>
  )
}

/** What was asked first, in one line. */
function titleFrom(doc: { turns: { role: string; text: string }[]; inputs: string[] }): string {
  const text = doc.turns.find(({ role }) => role === 'user')?.text ?? doc.inputs[0] ?? ''
  return [...text.replaceAll(/\s+/g, ' ').trim()].slice(0, 60).join('')
}
