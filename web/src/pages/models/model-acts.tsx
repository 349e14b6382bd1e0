import { Link } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { Button, Icon, Menu, type MenuEntry } from '../../ui/index.ts'
import type { SetModelSearch } from './model-page.tsx'
import type { ModelDetail } from './models-api.ts'
import { useModelsWords } from './models-words.ts'

/** What can be done with the model now: at most one primary, the rest in a menu. */
export function ModelActs({ of: { model, consequences, no_source }, set }: { of: ModelDetail; set: SetModelSearch }) {
  const t = useModelsWords()
  const { may } = usePlace()
  const { state, weights, served, task } = model
  const isLoaded = state === 'loaded' || state === 'loading'
  const canTry = served && task === 'chat' && weights !== null && may('inference')
  const canLoad = served && weights !== null && !isLoaded && may('models.load')
  const canPull =
    weights === null && (state === 'not-here' || state === 'failed') && no_source === null && may('models.pull')
  const fits = model.fit.verdict !== 'does-not-fit' && served
  const more: (MenuEntry | false)[] = [
    isLoaded && may('models.load') && { label: t('load-again'), icon: 'redo', onSelect: () => set({ act: 'load' }) },
    isLoaded && may('models.unload') && { label: t('unload'), icon: 'x', onSelect: () => set({ act: 'unload' }) },
    served &&
      weights !== null &&
      may('models.load') && { label: t('add-adapter'), icon: 'plus', onSelect: () => set({ act: 'adapter' }) },
    consequences !== null && {
      label: t('delete'),
      icon: 'bin',
      danger: true,
      onSelect: () => set({ act: 'delete' }),
    },
  ]
  return (
    <>
      {more.some(Boolean) && (
        <Menu
          entries={more}
          trigger={
            <button type="button" className="btn icon-only" aria-label={t('more-of', { name: model.name })}>
              <Icon name="more" />
            </button>
          }
        />
      )}
      {canTry && (
        <Link to="/playground" search={{ models: model.id } as never} className={`btn ${isLoaded ? 'primary' : ''}`}>
          {t('open-playground')}
        </Link>
      )}
      {canLoad && (
        <Button look="primary" onClick={() => set({ act: 'load' })}>
          {t('load')}
        </Button>
      )}
      {canPull && (
        <Button look={fits ? 'primary' : 'plain'} icon="save" onClick={() => set({ act: 'pull' })}>
          {t('pull')}
        </Button>
      )}
    </>
  )
}
