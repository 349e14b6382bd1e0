import { useNavigate } from '@tanstack/react-router'
import { Icon, Menu, type MenuEntry } from '../ui/index.ts'
import { useFrameWords } from './frame-words.ts'
import { usePlace } from './session.ts'

/** Which organisation and project the pages are about. */
export function SwitchProject() {
  const t = useFrameWords()
  const navigate = useNavigate()
  const { me, organization, project, may } = usePlace()
  const entries: MenuEntry[] = me.organizations.flatMap((one, index) => [
    ...(index > 0 ? (['line'] as const) : []),
    ...one.projects.map((each) => ({
      label: `${one.name} / ${each.name}`,
      current: each.id === project?.id,
      onSelect: () =>
        void navigate({ to: '.', search: (search: object) => ({ ...search, project: each.id }) } as never),
    })),
  ])
  if (may('organization.update') || may('status.read'))
    entries.push('line', { label: t('manage'), icon: 'gear', onSelect: () => void navigate({ to: '/settings' }) })
  const name = organization?.name ?? t('no-organization')
  return (
    <Menu
      entries={entries}
      trigger={
        <button
          type="button"
          className="switch-org"
          aria-label={t('switch', { name: `${name} ${project?.name ?? ''}` })}
        >
          <span className="monogram" data-letters={name.slice(0, 1).toUpperCase()} />
          <span className="cut word">
            <b className="cut">{name}</b> <small className="cut">{project?.name ?? t('no-project')}</small>
          </span>
          <span className="push faint row word">
            <Icon name="updown" />
          </span>
        </button>
      }
    />
  )
}
