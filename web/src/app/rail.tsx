import { Link, useRouterState } from '@tanstack/react-router'
import { Button, Icon, Meter, useFormat } from '../ui/index.ts'
import { useFrameWords } from './frame-words.ts'
import { type Entry, entryOf, GROUPS, openTo } from './places.ts'
import { useMachine, usePlace } from './session.ts'
import { SwitchProject } from './switch-project.tsx'

/** On the left: whose project this is, where one can go, and at the foot the machine. */
export function Rail({ narrow, onNarrow }: { narrow: boolean; onNarrow: () => void }) {
  const t = useFrameWords()
  const place = usePlace()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const current = entryOf(path)?.name
  const open = openTo(place)
  const link = (entry: Entry) => (
    <Link
      key={entry.name}
      to={entry.path}
      aria-current={entry.name === current ? 'page' : undefined}
      title={narrow ? t(entry.name) : undefined}
    >
      <Icon name={entry.icon} />
      <span className="word">{t(entry.name)}</span>
    </Link>
  )
  return (
    <aside className="rail" aria-label={t('main')}>
      <div className="rail-top">
        <SwitchProject />
      </div>
      <nav aria-label={t('main')}>
        {open.filter((entry) => entry.group === null).map(link)}
        {GROUPS.map((group) => {
          const entries = open.filter((entry) => entry.group === group)
          return (
            entries.length > 0 && (
              <div key={group}>
                <h4>{t(`group-${group}`)}</h4>
                {entries.map(link)}
              </div>
            )
          )
        })}
      </nav>
      <Foot />
      <div className="rail-fold desk-only">
        <Button
          look="quiet"
          small
          icon={narrow ? 'unfold' : 'fold'}
          title={t(narrow ? 'widen-rail' : 'narrow-rail')}
          aria-label={t(narrow ? 'widen-rail' : 'narrow-rail')}
          onClick={onNarrow}
        />
      </div>
    </aside>
  )
}

function Foot() {
  const t = useFrameWords()
  const format = useFormat()
  const { data: machine } = useMachine()
  if (!machine) return null
  const used = format.figure(machine.memory.used_bytes / 1e9)
  const budget = format.figure(machine.memory.budget_bytes / 1e9)
  const says = t('memory-of', { used, budget })
  return (
    <div className="rail-foot">
      <div className="row wide">
        <span className="cut">
          {machine.name}, {t('cores', { count: machine.cores })}
        </span>
        <span className="nowrap">{says}</span>
      </div>
      <Meter
        share={machine.memory.used_bytes / Math.max(1, machine.memory.budget_bytes)}
        label={`${t('memory')}: ${says}`}
      />
    </div>
  )
}
