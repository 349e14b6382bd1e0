import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Menu, type MenuEntry } from '../../ui/index.ts'
import type { Model } from './playground-api.ts'
import { type PlaygroundSay, usePlaygroundWords } from './playground-words.ts'

/** A list of the models that are here. One that is compared already is offered too: two draws of it may differ. */
export function PickModel({
  trigger,
  models,
  without = null,
  onPick,
}: {
  trigger: ReactElement<Record<string, unknown>>
  models: readonly Model[]
  /** The one that stands there already. */
  without?: string | null
  onPick: (id: string) => void
}) {
  const t = usePlaygroundWords()
  const free = models.filter(({ id }) => id !== without)
  const entries: MenuEntry[] = free.map((model) => ({
    label: model.name,
    hint: stateWord(t, model),
    onSelect: () => onPick(model.id),
  }))
  return (
    <Menu trigger={trigger} entries={entries}>
      {free.length === 0 && (
        <p className="menu-says">
          {t('no-more-models')} <Link to="/models">{t('to-models')}</Link>
        </p>
      )}
    </Menu>
  )
}

/** Of a model that is in no list: the list has not come, it does not come, or it is not in it. */
type Missing = 'asking' | 'untold' | 'not-here'

/** What one should know before asking: whether a first answer waits for a load. */
export function stateWord(t: PlaygroundSay, model: Model | Missing): string {
  if (model === 'asking') return t('state-asking')
  if (model === 'untold') return t('state-untold')
  if (model === 'not-here') return t('state-unknown')
  if (model.state === 'loaded') return t('state-loaded')
  if (model.state === 'loading') return t('state-loading')
  if (model.state === 'failed') return t('state-failed')
  return t('state-on-disk')
}
