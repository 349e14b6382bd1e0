import type { Dimension } from './filter-search.ts'
import type { UsageGroup } from './usage-api.ts'
import { useUsageWords } from './usage-words.ts'

/** What a group is called: its name, or what it is where nobody knows one. */
export function useGroupName(): (group: Pick<UsageGroup, 'id' | 'name' | 'count'>, by: Dimension) => string {
  const t = useUsageWords()
  return ({ id, name, count }, by) =>
    id === null ? t(`others-${by}`, { count }) : id === 'playground' ? t('playground') : name || t(`nameless-${by}`)
}
