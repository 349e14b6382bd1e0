import { useEffect, useState } from 'react'
import { State, useFormat } from '../../ui/index.ts'
import { modelOf } from './columns.ts'
import type { LiveAnswer } from './live-answer.ts'
import { useModelsHere } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'

/** Before the first token: whether the model is being loaded, and how long it has been. */
export function Waiting({ live }: { live: LiveAnswer }) {
  const t = usePlaygroundWords()
  const format = useFormat()
  const { models } = useModelsHere(null)
  const [elapsedMs, setElapsedMs] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setElapsedMs(performance.now() - live.startedAt), 1_000)
    return () => clearInterval(timer)
  }, [live])
  const model = models.find(({ id }) => id === modelOf(live.model))
  const loads = model !== undefined && model.state !== 'loaded'
  return (
    <p className="waits" role="status">
      <State tone="live">{loads ? t('loading-model', { model: model.name }) : t('waiting-first')}</State>
      {elapsedMs >= 1_000 && <span className="faint">{format.duration(Math.floor(elapsedMs / 1_000) * 1_000)}</span>}
    </p>
  )
}
