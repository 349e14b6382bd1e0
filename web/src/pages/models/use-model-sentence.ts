import type { ModelDetail } from './models-api.ts'
import { type ModelsWords, useGap, useModelsWords } from './models-words.ts'

const THINKING = { never: null, always: 'thinks-always', switch: 'thinks-switch' } as const

/** What a model is for, in a line made of its facts. */
export function useModelSentence(): (detail: ModelDetail) => string {
  const t = useModelsWords()
  const gap = useGap()
  return ({ model, facts }) => {
    const thinking = model.task === 'chat' ? THINKING[facts.thinking.mode] : null
    return [
      t(`is-${model.task}`, { maker: model.owned_by }),
      thinking && t(thinking as Parameters<ModelsWords>[0]),
      facts.vision && t('reads-text-only'),
      !model.served && t('is-not-served'),
    ]
      .filter(Boolean)
      .join(gap)
  }
}
