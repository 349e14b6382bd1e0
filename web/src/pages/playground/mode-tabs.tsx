import { useLinkProps } from '@tanstack/react-router'
import { useEffect, useId } from 'react'
import { useOpened } from './opened.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { keepProject, MODES, type Mode } from './search.ts'

/** The modes. Each leads to what was open in it last: a saved session, or the desk that is not saved. */
export function ModeTabs({ projectId, now }: { projectId: string; now: Mode }) {
  const t = usePlaygroundWords()
  return (
    <nav className="tabs" aria-label={t('modes')}>
      {MODES.map((mode) => (
        <ModeTab key={mode} projectId={projectId} mode={mode} isNow={mode === now} />
      ))}
    </nav>
  )
}

function ModeTab({ projectId, mode, isNow }: { projectId: string; mode: Mode; isNow: boolean }) {
  const t = usePlaygroundWords()
  const session = useOpened(projectId, mode)
  const place = session === null ? { to: '/playground' } : { to: '/playground/$session', params: { session } }
  const search = (now: object) => ({
    ...keepProject(now),
    ...(session === null && mode !== 'chat' ? { mode } : {}),
  })
  const link = useLinkProps({ ...place, search } as never)
  const id = useId()
  useEffect(() => {
    // On phones the row is wider than its place.
    if (isNow) document.getElementById(id)?.scrollIntoView({ inline: 'nearest', block: 'nearest' })
  }, [id, isNow])
  // The mode says which one is current: for the router the address of chat is a part of every other's.
  return (
    <a {...link} id={id} className={undefined} data-status={undefined} aria-current={isNow ? 'page' : undefined}>
      {t(`mode-${mode}`)}
    </a>
  )
}
