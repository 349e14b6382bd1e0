import { StackBar, useFormat } from '../../ui/index.ts'
import type { Estimate } from './models-api.ts'
import { useModelsWords } from './models-words.ts'

/** What a load would take of the memory for models, beside what others hold. */
export function MemoryBar({ of }: { of: Estimate }) {
  const t = useModelsWords()
  const format = useFormat()
  const { capacity_bytes: capacity, needed_bytes: needed, free_bytes: free } = of
  // What does not fit is drawn over all that it needs, so that its parts stay in proportion.
  const others = of.verdict === 'does-not-fit' ? 0 : Math.max(0, capacity - free)
  const whole = Math.max(capacity, (needed ?? 0) + others)
  const about = of.basis === 'computed' ? '≈ ' : ''
  const part = (name: string, bytes: number | null, other = false) =>
    bytes === null || bytes <= 0
      ? []
      : [{ name, share: bytes / whole, says: `${other ? '' : about}${format.amount(bytes)}`, other }]
  const parts =
    of.weights_bytes === null
      ? part(t('needed'), needed)
      : [
          ...part(t('weights'), of.weights_bytes),
          ...part(t('context'), of.context_bytes),
          ...part(t('working'), of.working_bytes),
        ]
  const left = needed === null ? null : free - needed
  return (
    <StackBar
      label={t('memory')}
      parts={[...parts, ...part(t('taken'), others, true)]}
      rest={
        left === null
          ? null
          : left >= 0
            ? t('left-of', { left: format.amount(left), capacity: format.amount(capacity) })
            : t('short-of', { short: format.amount(-left), capacity: format.amount(capacity) })
      }
    />
  )
}
