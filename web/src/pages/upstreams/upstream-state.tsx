import { State, type Tone } from '../../ui/index.ts'
import type { UpstreamRow, UpstreamTest } from './upstreams-api.ts'
import { useUpstreamWords } from './upstreams-words.ts'

const TONES: Record<UpstreamRow['state'], Tone> = { healthy: 'on', unhealthy: 'bad', checking: 'live', disabled: 'off' }

export function UpstreamState({ of: { state } }: { of: Pick<UpstreamRow, 'state'> }) {
  const t = useUpstreamWords()
  return <State tone={TONES[state]}>{t(`state-${state}`)}</State>
}

/** What is wrong, in a sentence, with the status where an answer came. */
export function TroubleInWords({ of: trouble }: { of: NonNullable<UpstreamTest['trouble']> }) {
  const t = useUpstreamWords()
  return (
    <>
      {t(`trouble-${trouble.code}`)}
      {trouble.status !== null && ` ${t('with-status', { status: trouble.status })}`}
    </>
  )
}
