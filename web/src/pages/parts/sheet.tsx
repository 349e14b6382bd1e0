import type { ReactNode } from 'react'

/** One part, or a family of them: what it is for at the left, all its states at the right. */
export function Sheet({
  id,
  title,
  says,
  parts,
  children,
}: {
  id: string
  title: string
  says: string
  parts: string
  children: ReactNode
}) {
  return (
    <section className="sheet" id={id}>
      <div>
        <h2>{title}</h2>
        <p className="t13 soft">{says}</p>
        <p className="small faint mono sheet-parts">{parts}</p>
      </div>
      <div>{children}</div>
    </section>
  )
}

/** One state or family of states, with its name before it. */
export function Spec({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="spec">
      <span className="small faint">{name}</span>
      <div className="row spec-row">{children}</div>
    </div>
  )
}
