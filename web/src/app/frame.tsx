/** The frame around every page of somebody who is signed in: rail, bar, toasts, and the page itself. */
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Toasts } from '../ui/toast.tsx'
import { Bar } from './bar.tsx'
import { useFrameWords } from './frame-words.ts'
import { useLiveStream } from './live.ts'
import { entryOf } from './places.ts'
import { Rail } from './rail.tsx'
import { keepProject, usePlace } from './session.ts'

const Palette = lazy(() => import('./palette.tsx'))

export function Frame() {
  const t = useFrameWords()
  useLiveStream()
  const { project } = usePlace()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const [rail, setRail] = useState<'' | 'open' | 'narrow'>(() => (keptNarrow() ? 'narrow' : ''))
  const [palette, setPalette] = useState(false)

  useEffect(() => {
    if (project) keepProject(project.id)
  }, [project])

  useEffect(() => {
    const entry = entryOf(path)
    document.title = `${entry ? `${t(entry.name)} · ` : ''}Tradewind`
  }, [path, t])

  useEffect(() => setRail((now) => (now === 'open' ? '' : now)), [path])

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault()
        setPalette((open) => !open)
      } else if (event.key === 'Escape') setRail((now) => (now === 'open' ? '' : now))
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  const toggleNarrow = () => {
    const next = rail === 'narrow' ? '' : 'narrow'
    setRail(next)
    try {
      localStorage.setItem('tradewind.rail', next)
    } catch {
      // It is wide again next time.
    }
  }

  return (
    <>
      <a className="skip" href="#main">
        {t('skip')}
      </a>
      <div className="app" data-rail={rail}>
        <Rail onNarrow={toggleNarrow} narrow={rail === 'narrow'} />
        {rail === 'open' && (
          <button type="button" className="rail-shade" aria-label={t('close-menu')} onClick={() => setRail('')} />
        )}
        <div className="side">
          <Bar onMenu={() => setRail('open')} onFind={() => setPalette(true)} />
          <Outlet />
        </div>
      </div>
      {palette && (
        <Suspense>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      )}
      <Toasts />
    </>
  )
}

export function NotFound() {
  const t = useFrameWords()
  return (
    <main className="page" id="main">
      <div className="title">
        <div>
          <h1>{t('nothing-here')}</h1>
          <p>{t('nothing-here-says')}</p>
        </div>
      </div>
      <Link to="/" className="btn">
        {t('overview')}
      </Link>
    </main>
  )
}

function keptNarrow(): boolean {
  try {
    return localStorage.getItem('tradewind.rail') === 'narrow'
  } catch {
    return false
  }
}
