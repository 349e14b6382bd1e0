/** Ctrl/⌘ K: go to any page, model or key, or run an action. Filters as one types; arrows and Enter do the rest. */
import { Dialog } from '@base-ui/react/dialog'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import type { ModelOnWire } from '../../../src/deployments/schema.ts'
import { get } from '../api/client.ts'
import { Icon, type IconName } from '../ui/index.ts'
import { setLanguage, useLanguage } from '../words/i18n.ts'
import { useFrameWords } from './frame-words.ts'
import { openTo } from './places.ts'
import { usePlace } from './session.ts'
import { toggleTheme } from './theme.ts'

type Found = {
  id: string
  group: (typeof GROUPS)[number]
  icon: IconName
  label: string
  note?: string
  run: () => void
}

/** In this order, which is also that of what is found. */
const GROUPS = ['pages', 'models', 'keys', 'do'] as const
const PER_GROUP = 8

export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useFrameWords()
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const needle = query.trim().toLowerCase() // never deferred: Enter runs what was typed, not what is still shown
  const found = useFound(needle, onClose)
  const chosen = found[Math.min(at, found.length - 1)]
  const chosenId = chosen?.id
  useEffect(() => {
    if (chosenId) document.getElementById(`palette-${chosenId}`)?.scrollIntoView({ block: 'nearest' })
  }, [chosenId])

  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Viewport className="scrim clear">
          <Dialog.Popup className="palette" aria-label={t('palette.ask')}>
            <div className="q">
              <Icon name="search" />
              <input
                role="combobox"
                aria-expanded="true"
                aria-controls="palette-list"
                aria-activedescendant={chosen ? `palette-${chosen.id}` : undefined}
                aria-label={t('palette.ask')}
                placeholder={t('palette.ask')}
                value={query}
                onChange={(event) => {
                  setQuery(event.target.value)
                  setAt(0)
                }}
                onKeyDown={(event) => {
                  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
                    event.preventDefault()
                    const step = event.key === 'ArrowDown' ? 1 : -1
                    setAt((now) => (Math.min(now, found.length - 1) + step + found.length) % Math.max(1, found.length))
                  } else if (event.key === 'Enter' && chosen) {
                    event.preventDefault()
                    chosen.run()
                  }
                }}
              />
              <kbd className="push">Esc</kbd>
            </div>
            <div id="palette-list" role="listbox" aria-label={t('palette.ask')} className="palette-list">
              {GROUPS.filter((group) => found.some((one) => one.group === group)).map((group) => (
                // biome-ignore lint/a11y/useSemanticElements: a listbox may hold groups, and no fieldset
                <div key={group} role="group" aria-labelledby={`palette-in-${group}`}>
                  <h4 id={`palette-in-${group}`} aria-hidden="true">
                    {t(`palette.${group}`)}
                  </h4>
                  {found.map(
                    (one, index) =>
                      one.group === group && (
                        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys go to the field above, as a combobox does it
                        <div
                          key={one.id}
                          id={`palette-${one.id}`}
                          role="option"
                          tabIndex={-1}
                          aria-selected={one === chosen}
                          className="palette-item"
                          onClick={one.run}
                          onPointerMove={() => setAt(index)}
                        >
                          <Icon name={one.icon} />
                          <span className="cut">{marked(one.label, needle)}</span>
                          {one.note && <span className="push faint nowrap">{one.note}</span>}
                        </div>
                      ),
                  )}
                </div>
              ))}
              {found.length === 0 && <p className="palette-none">{t('palette.none', { query })}</p>}
            </div>
            <footer>
              <span>
                <kbd>↑</kbd> <kbd>↓</kbd> {t('palette.move')}
              </span>
              <span>
                <kbd>↵</kbd> {t('palette.open')}
              </span>
            </footer>
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function useFound(needle: string, onClose: () => void): Found[] {
  const t = useFrameWords()
  const navigate = useNavigate()
  const language = useLanguage()
  const place = usePlace()
  const { me, project, may } = place
  const models = useQuery({
    queryKey: ['models', 'palette'],
    queryFn: ({ signal }) =>
      get<{ data: Pick<ModelOnWire, 'id' | 'state' | 'task'>[] }>('/api/models', { limit: 200 }, signal),
    enabled: may('models.list'),
    staleTime: 30_000,
  }).data
  const keys = useQuery({
    queryKey: ['palette', 'keys', project?.id],
    queryFn: ({ signal }) =>
      get<{ data: { id: string; name: string; last4: string }[] }>(
        '/api/keys',
        { project_id: project?.id, limit: 200 },
        signal,
      ),
    enabled: may('keys.list') && project !== null,
    staleTime: 30_000,
  }).data

  return useMemo(() => {
    const go =
      (to: string, search: object = {}) =>
      () => {
        onClose()
        void navigate({
          to,
          search: (now: object) => ({ project: (now as { project?: string }).project, ...search }),
        } as never)
      }
    const and = (act: () => void) => () => {
      onClose()
      act()
    }
    const all: Found[] = [
      ...openTo(place).map((entry) => ({
        id: entry.name,
        group: 'pages' as const,
        icon: entry.icon,
        label: t(entry.name),
        run: go(entry.path),
      })),
      { id: 'account', group: 'pages', icon: 'people', label: t('account'), run: go('/account') },
      ...(models?.data ?? []).map((model) => ({
        id: `model-${model.id}`,
        group: 'models' as const,
        icon: 'model' as const,
        label: model.id,
        run: go(`/models/${encodeURIComponent(model.id)}`),
      })),
      ...(keys?.data ?? []).map((key) => ({
        id: key.id,
        group: 'keys' as const,
        icon: 'key' as const,
        label: key.name,
        note: `…${key.last4}`,
        run: go(`/keys/${key.id}`),
      })),
      ...(/^req_[0-9a-z]+$/.test(needle)
        ? [
            {
              id: 'request',
              group: 'do' as const,
              icon: 'list' as const,
              label: t('palette.request', { id: needle }),
              run: go(`/requests/${needle}`),
            },
          ]
        : []),
      ...(may('invitations.create')
        ? [
            {
              id: 'invite',
              group: 'do' as const,
              icon: 'people' as const,
              label: t('palette.invite'),
              run: go('/people', { tab: 'invitations', make: true }),
            },
          ]
        : []),
      ...(may('backup.create')
        ? [
            {
              id: 'backup',
              group: 'do' as const,
              icon: 'save' as const,
              label: t('palette.backup'),
              run: go('/settings', { tab: 'backups' }),
            },
          ]
        : []),
      ...(may('models.pull')
        ? [
            {
              id: 'add-model',
              group: 'do' as const,
              icon: 'model' as const,
              label: t('palette.add-model'),
              run: go('/models', { act: 'add' }),
            },
          ]
        : []),
      ...(may('keys.create')
        ? [
            {
              id: 'new-key',
              group: 'do' as const,
              icon: 'plus' as const,
              label: t('palette.new-key'),
              run: go('/keys', { create: true }),
            },
          ]
        : []),
      ...(may('inference')
        ? (models?.data ?? [])
            .filter((model) => model.state === 'loaded' && model.task === 'chat')
            .map((model) => ({
              id: `chat-${model.id}`,
              group: 'do' as const,
              icon: 'play' as const,
              label: t('palette.chat', { name: model.id }),
              run: go('/playground', { models: model.id }),
            }))
        : []),
      ...me.organizations.flatMap((organization) =>
        organization.projects
          .filter((one) => one.id !== project?.id)
          .map((one) => ({
            id: one.id,
            group: 'do' as const,
            icon: 'updown' as const,
            label: t('palette.project', { name: `${organization.name} / ${one.name}` }),
            run: go('/', { project: one.id }),
          })),
      ),
      { id: 'theme', group: 'do', icon: 'theme', label: t('palette.dark'), run: and(toggleTheme) },
      {
        id: 'language',
        group: 'do',
        icon: 'book',
        label: t('palette.language'),
        run: and(() => setLanguage(language === 'en' ? 'zh' : 'en')),
      },
      { id: 'docs', group: 'do', icon: 'code', label: t('palette.docs'), run: and(() => location.assign('/docs')) },
    ]
    const counts = new Map<string, number>()
    return all.filter(({ label, group }) => {
      if (!label.toLowerCase().includes(needle)) return false
      if (needle === '' && (group === 'models' || group === 'keys')) return false
      const count = (counts.get(group) ?? 0) + 1
      counts.set(group, count)
      return group === 'pages' || count <= PER_GROUP
    })
  }, [needle, models, keys, place, me, project, may, language, navigate, onClose, t])
}

function marked(label: string, needle: string) {
  const from = needle === '' ? -1 : label.toLowerCase().indexOf(needle)
  if (from < 0) return label
  return (
    <>
      {label.slice(0, from)}
      <mark>{label.slice(from, from + needle.length)}</mark>
      {label.slice(from + needle.length)}
    </>
  )
}
