import { Link, useNavigate } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { Button, RowMenu, toast } from '../../ui/index.ts'
import type { SetSearch } from './catalogue.tsx'
import { type Model, movePull, type Pull } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { useCall } from './use-call.ts'

/** The one thing to do with a model now, or a menu where there are several. What one may not do is not there. */
export function CatalogueAct({ of: model, set }: { of: Model; set: SetSearch }) {
  const t = useModelsWords()
  const { may } = usePlace()
  const navigate = useNavigate()
  const move = useCall<Pull>(undefined, (error) => toast({ title: t('move-failed'), says: error.message }, 'bad'))
  const open = (act: 'pull' | 'load' | 'unload') => () => set({ act, of: model.id })
  const go = (act: 'pull' | 'load', word: string) => (
    <Button look="go" aria-label={`${word}: ${model.name}`} onClick={open(act)}>
      {word}
    </Button>
  )
  const page = () => void navigate({ to: '/models/$model', params: { model: model.id } } as never)
  switch (model.state) {
    case 'loaded':
      return (
        <RowMenu
          label={t('more-of', { name: model.name })}
          entries={[
            model.task === 'chat' &&
              may('inference') && {
                label: t('open-playground'),
                icon: 'play',
                onSelect: () => void navigate({ to: '/playground', search: { models: model.id } } as never),
              },
            { label: t('open-page'), icon: 'right', onSelect: page },
            may('models.load') && { label: t('load-again'), icon: 'redo', onSelect: open('load') },
            may('models.unload') && { label: t('unload'), icon: 'x', onSelect: open('unload') },
          ]}
        />
      )
    case 'pulling':
    case 'paused': {
      const { pull } = model
      if (!pull || !may('models.pull')) return null
      const to = pull.allowed.includes('paused') ? 'pause' : 'resume'
      return (
        <RowMenu
          label={t('more-of', { name: model.name })}
          entries={[
            {
              label: t(to),
              icon: to === 'pause' ? 'pause' : 'go',
              onSelect: () => move.mutate(movePull(pull.id, to)),
            },
            { label: t('open-page'), icon: 'right', onSelect: page },
          ]}
        />
      )
    }
    case 'here':
      return model.served && may('models.load') ? go('load', t('load')) : null
    case 'failed':
      if (model.weights) return may('models.load') ? go('load', t('load')) : null
      return may('models.pull') ? go('pull', t('pull')) : null
    case 'loading':
      return null
    case 'not-here':
      if (!model.served) return null
      if (model.fit.verdict !== 'does-not-fit') return may('models.pull') ? go('pull', t('pull')) : null
      return (
        <Link
          to="/models/$model"
          params={{ model: model.id }}
          hash="elsewhere"
          className="btn quiet small go"
          aria-label={`${t('options')}: ${model.name}`}
        >
          {t('options')}
        </Link>
      )
    default:
      return model.state satisfies never
  }
}
