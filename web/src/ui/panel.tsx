import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { usePartWords } from './words.ts'

/** Details beside the thing they belong to. It has an address of its own; `onClose` leaves that address. */
export function Panel({
  title,
  says,
  acts,
  onClose,
  foot,
  children,
}: {
  title: ReactNode
  says?: ReactNode
  acts?: ReactNode
  onClose: () => void
  foot?: ReactNode
  children: ReactNode
}) {
  const t = usePartWords()
  return (
    <aside
      className="panel"
      aria-label={typeof title === 'string' ? title : undefined}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      <header>
        <div className="cut">
          <h2 className="cut">{title}</h2>
          {says && <p className="cut">{says}</p>}
        </div>
        <div className="acts">
          {acts}
          <Button look="quiet" small icon="x" aria-label={t('close')} onClick={onClose} />
        </div>
      </header>
      <div className="body">{children}</div>
      {foot && <footer>{foot}</footer>}
    </aside>
  )
}
