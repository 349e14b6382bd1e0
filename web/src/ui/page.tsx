/** The bones of a page: title row, strip of figures, sections, facts, notes, an empty state. */
import type { ReactNode } from 'react'
import { Sign, type SignName } from './icon.tsx'

export function PageTitle({ title, says, children }: { title: ReactNode; says?: ReactNode; children?: ReactNode }) {
  return (
    <div className="title">
      <div>
        <h1>{title}</h1>
        {says && <p>{says}</p>}
      </div>
      {children && <div className="acts">{children}</div>}
    </div>
  )
}

/** The narrow column of content that a page lives in. A panel stands beside it, as its sibling. */
export function Page({ children, fluid = false }: { children: ReactNode; fluid?: boolean }) {
  return (
    <main className={fluid ? 'page fluid' : 'page'} id="main">
      {children}
    </main>
  )
}

/** A page with a panel of details beside it. */
export function Split({ children, panel }: { children: ReactNode; panel?: ReactNode }) {
  return (
    <div className="split">
      <Page>{children}</Page>
      {panel}
    </div>
  )
}

export function Strip({ children, of = 4 }: { children: ReactNode; of?: 3 | 4 }) {
  return <div className={of === 3 ? 'strip of3' : 'strip'}>{children}</div>
}

/** One figure of a strip. `link` renders the anchor that holds it, so that the figure opens what it is made of. */
export function Figure({
  label,
  unit,
  line,
  children,
  extra,
}: {
  label: ReactNode
  unit?: ReactNode
  line?: ReactNode
  children: ReactNode
  extra?: ReactNode
}) {
  return (
    <>
      <span className="k">{label}</span>
      <span className="v">
        {children} {unit && <small>{unit}</small>}
      </span>
      <span className="d">{line}&nbsp;</span>
      {extra}
    </>
  )
}

export function Section({
  title,
  count,
  acts,
  children,
  id,
}: {
  title: ReactNode
  count?: ReactNode
  acts?: ReactNode
  children: ReactNode
  id?: string
}) {
  return (
    <section className="section" id={id}>
      <header>
        <h2>{title}</h2>
        {count !== undefined && <span className="n">{count}</span>}
        {acts && <div className="push">{acts}</div>}
      </header>
      {children}
    </section>
  )
}

export function Facts({ children, lined = false }: { children: ReactNode; lined?: boolean }) {
  return <dl className={lined ? 'facts lined' : 'facts'}>{children}</dl>
}

export function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

const NOTE_SIGNS = { warn: 'warn', bad: 'fail', good: 'ok', plain: 'off' } as const satisfies Record<string, SignName>

/** What happened and what to do, in place. A bad one is an alert. */
export function Note({ tone = 'plain', children }: { tone?: keyof typeof NOTE_SIGNS; children: ReactNode }) {
  return (
    <div className={`note ${tone === 'plain' ? '' : tone}`} role={tone === 'bad' ? 'alert' : undefined}>
      <Sign name={NOTE_SIGNS[tone]} />
      <div>{children}</div>
    </div>
  )
}

/** What this is, why one wants it, the button, and beside it the code that does the same. */
export function Empty({
  title,
  children,
  acts,
  beside,
}: {
  title: ReactNode
  children: ReactNode
  acts?: ReactNode
  beside?: ReactNode
}) {
  return (
    <div className="empty">
      <div>
        <h2>{title}</h2>
        {children}
        {acts && <div className="acts">{acts}</div>}
      </div>
      {beside && <div>{beside}</div>}
    </div>
  )
}
