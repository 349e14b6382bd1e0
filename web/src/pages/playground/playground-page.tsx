/** The playground: a workbench that fills the window. Which desk it shows is said by the address. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useCrumb } from '../../app/crumb.ts'
import { usePlace } from '../../app/session.ts'
import { Bones, Empty, Icon, Loaded, Note, Page, PageTitle } from '../../ui/index.ts'
import { CodePanel } from './code-panel.tsx'
import { columnFor } from './columns.ts'
import { type Desk, useDesk } from './desk.ts'
import { deskFor } from './desks.ts'
import { EmbeddingsMode } from './embeddings-mode.tsx'
import { ModeTabs } from './mode-tabs.tsx'
import { NewerNote } from './newer-note.tsx'
import { keepOpened } from './opened.ts'
import { ParametersAside } from './parameters.tsx'
import { PickModel } from './pick-model.tsx'
import { type Session, sessionQuery, useModelsHere } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { SavedPanel } from './saved-panel.tsx'
import { addressOf, keepProject, MODELS_MAX, type Mode, modelsIn, type PlaygroundSearch } from './search.ts'
import { TalkMode } from './talk-mode.tsx'
import { TokensMode } from './tokens-mode.tsx'
import { Toolbar } from './toolbar.tsx'
import './playground.css'

export default function PlaygroundPage() {
  const t = usePlaygroundWords()
  const { project, may } = usePlace()
  const { session } = useParams({ strict: false }) as { session?: string }
  // Whoever may not ask still reads what is shared; then the page has nothing that asks.
  if (!project || !may(session === undefined ? 'inference' : 'playground.read'))
    return (
      <Page>
        <PageTitle title={t('title')} />
        <Note>{t(project ? 'forbidden' : 'no-project')}</Note>
      </Page>
    )
  return session === undefined ? <Unsaved projectId={project.id} /> : <Saved key={session} id={session} />
}

function Saved({ id }: { id: string }) {
  const t = usePlaygroundWords()
  const query = useQuery(sessionQuery(id))
  useEffect(() => {
    if (!query.data) return
    deskFor({ session: query.data }).meet(query.data)
    keepOpened(query.data.project_id, query.data.kind, query.data.id)
  }, [query.data])
  if (!query.data)
    return (
      <Page>
        <PageTitle title={t('title')} />
        <Loaded query={query}>{() => null}</Loaded>
        {query.error && (
          <p className="not-there">
            <Link to="/playground" search={keepProject as never}>
              {t('new')}
            </Link>
          </p>
        )}
      </Page>
    )
  return <Workbench desk={deskFor({ session: query.data })} projectId={query.data.project_id} />
}

function Unsaved({ projectId }: { projectId: string }) {
  const search = useSearch({ strict: false }) as PlaygroundSearch
  const mode = search.mode ?? 'chat'
  const { models, isPending } = useModelsHere(taskOf(mode))
  const asked = modelsIn(search.models ?? '')
  const desk = deskFor({ projectId, mode })
  const known = useDesk(desk, ({ doc }) => doc.models)
  const wanted = asked.length > 0 ? asked : known.length > 0 ? known : models.slice(0, 1).map(({ id }) => id)
  const names = addressOf(wanted)
  useEffect(() => {
    if (names !== addressOf(desk.get().doc.models)) desk.change((doc) => ({ ...doc, models: modelsIn(names) }))
  }, [desk, names])
  useEffect(() => keepOpened(projectId, mode, null), [projectId, mode])
  if (names === '')
    return isPending ? (
      <Page>
        <Bones />
      </Page>
    ) : (
      <NoModel projectId={projectId} mode={mode} />
    )
  if (known.length === 0) return null
  return <Workbench key={mode} desk={desk} projectId={projectId} />
}

/** Nothing that could answer is on this machine. */
function NoModel({ projectId, mode }: { projectId: string; mode: Mode }) {
  const t = usePlaygroundWords()
  const embeds = mode === 'embeddings'
  return (
    <div className="split">
      <main className="play" id="main" data-beside="nothing">
        <h1 className="hide">{t('title')}</h1>
        <header className="play-bar">
          <ModeTabs projectId={projectId} now={mode} />
        </header>
        <div className="flow workspace">
          <Empty
            title={t(embeds ? 'no-embedding-model' : 'no-model')}
            acts={
              <Link to="/models" search={(embeds ? { task: 'embedding' } : {}) as never} className="btn primary">
                {t(embeds ? 'to-embedding-models' : 'to-models')}
              </Link>
            }
          >
            <p>{t(embeds ? 'no-embedding-model-says' : 'no-model-says')}</p>
          </Empty>
        </div>
      </main>
    </div>
  )
}

function Workbench({ desk, projectId }: { desk: Desk; projectId: string }) {
  const t = usePlaygroundWords()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as PlaygroundSearch
  const mode = useDesk(desk, (state) => state.mode)
  const models = useDesk(desk, ({ doc }) => doc.models)
  const session = useDesk(desk, (state) => state.session)
  const mayAsk = usePlace().may('inference')
  useCrumb(session?.title ?? null)
  const isTalk = mode === 'chat' || mode === 'completion'
  const set = (change: { [Name in keyof PlaygroundSearch]?: PlaygroundSearch[Name] | undefined }) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace: true } as never)
  const onModels = (next: string[]) => {
    desk.change((doc) => ({ ...doc, models: next }))
    // What is saved says its models itself.
    if (session === null) set({ models: addressOf(next) })
  }
  const close = () => set({ beside: undefined, find: undefined, of: undefined })
  const { beside } = search
  const toggle = (what: 'saved' | 'code') => set({ beside: beside === what ? undefined : what, of: undefined })
  const codeOf = search.of !== undefined && models.includes(search.of) ? search.of : models[0]
  const toggleCodeOf = (column: string) =>
    beside === 'code' && column === codeOf ? close() : set({ beside: 'code', of: column })
  const shows = beside ?? 'parameters'
  const talk = { desk, onModels, onCode: toggleCodeOf }
  return (
    <div className="split">
      <main
        className="play"
        id="main"
        data-beside={isTalk && shows === 'parameters' ? (beside ?? 'default') : 'nothing'}
      >
        <h1 className="hide">{session ? session.title : t('title')}</h1>
        <Toolbar
          desk={desk}
          projectId={projectId}
          onSavedPanel={() => toggle('saved')}
          onCode={() => toggle('code')}
          {...(isTalk
            ? { onParameters: () => set({ beside: shows === 'parameters' ? 'nothing' : 'parameters' }) }
            : {})}
          compare={isTalk && mayAsk && models.length < MODELS_MAX && <Compare models={models} onModels={onModels} />}
        />
        {isTalk ? (
          <>
            <div className="talks-box">
              <NewerNote desk={desk} projectId={projectId} onCopy={(copy) => goTo(copy)} />
              <TalkMode {...talk} onParameters={() => set({ beside: 'parameters' })} />
            </div>
            {shows === 'parameters' && (
              <ParametersAside
                desk={desk}
                onClose={() => set({ beside: beside === 'parameters' ? undefined : 'nothing' })}
              />
            )}
          </>
        ) : (
          <div className="talks-box">
            <NewerNote desk={desk} projectId={projectId} onCopy={(copy) => goTo(copy)} />
            {mode === 'embeddings' ? (
              <EmbeddingsMode {...talk} projectId={projectId} />
            ) : (
              <TokensMode {...talk} projectId={projectId} />
            )}
          </div>
        )}
      </main>
      {shows === 'saved' && (
        <SavedPanel
          projectId={projectId}
          openId={session?.id ?? null}
          find={search.find ?? ''}
          onFind={(find) => set({ find: find || undefined })}
          onClose={close}
        />
      )}
      {shows === 'code' && (
        <CodePanel desk={desk} column={search.of ?? null} onColumn={(of) => set({ of })} onClose={close} />
      )}
    </div>
  )

  function goTo(copy: Session) {
    void navigate({ to: '/playground/$session', params: { session: copy.id }, search: keepProject } as never)
  }
}

function Compare({ models, onModels }: { models: readonly string[]; onModels: (models: string[]) => void }) {
  const t = usePlaygroundWords()
  const { models: here } = useModelsHere('chat')
  return (
    <PickModel
      models={here}
      onPick={(id) => onModels([...models, columnFor(id, models)])}
      trigger={
        <button type="button" className="btn quiet small" aria-label={t('add-model')}>
          <Icon name="plus" />
          <span className="desk-only">{t('add-model-short')}</span>
        </button>
      }
    />
  )
}

const taskOf = (mode: Mode): 'chat' | 'embedding' | null =>
  mode === 'embeddings' ? 'embedding' : mode === 'tokens' ? null : 'chat'
