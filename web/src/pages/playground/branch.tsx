import { Button, useFormat } from '../../ui/index.ts'
import type { Turn } from './document-turns.ts'
import { usePlaygroundWords } from './playground-words.ts'

/** "2 of 3", with arrows to the others that stand in the same place. Nothing where there is one alone. */
export function Branch({
  turns,
  at,
  name,
  onShow,
}: {
  turns: Turn[]
  at: number
  name: string
  onShow: (id: string) => void
}) {
  const t = usePlaygroundWords()
  const format = useFormat()
  if (turns.length < 2) return null
  const go = (to: number) => {
    const turn = turns[to]
    if (turn) onShow(turn.id)
  }
  return (
    <fieldset className="branch" aria-label={name}>
      <Button
        look="quiet"
        small
        icon="left"
        aria-label={t('branch-before')}
        disabled={at === 0}
        onClick={() => go(at - 1)}
      />
      <span>{t('branch-at', { at: format.number(at + 1), total: format.number(turns.length) })}</span>
      <Button
        look="quiet"
        small
        icon="right"
        aria-label={t('branch-after')}
        disabled={at === turns.length - 1}
        onClick={() => go(at + 1)}
      />
    </fieldset>
  )
}
