import { State, Tip, type Tone, useFormat, useKeptTrouble } from '../../ui/index.ts'
import type { Model } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { shareOf } from './pulls-shown.ts'

const TONES: Record<Model['state'], Tone> = {
  loaded: 'on',
  loading: 'live',
  here: 'plain',
  failed: 'bad',
  pulling: 'live',
  paused: 'plain',
  'not-here': 'off',
}

/** Loaded, on disk, on its way, or not here; while it is pulled, how much has come; where it failed, why. */
export function ModelState({ of: { state, pull, trouble } }: { of: Pick<Model, 'state' | 'pull' | 'trouble'> }) {
  const t = useModelsWords()
  const format = useFormat()
  const say = useKeptTrouble()
  const share = pull && (state === 'pulling' || state === 'paused') ? shareOf(pull) : null
  if (state === 'not-here') return <span className="faint">{t('state-not-here')}</span>
  const shown = (
    <State tone={TONES[state]} {...(state === 'paused' ? { sign: 'half' as const } : {})}>
      {t(pull?.state === 'queued' && state === 'pulling' ? 'state-queued' : `state-${state}`)}
      {share !== null && ` ${format.percent(share, 0)}`}
    </State>
  )
  if (trouble === null) return shown
  return (
    <Tip text={say(trouble)}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: why it failed must be reachable without a pointer */}
      <span tabIndex={0}>{shown}</span>
    </Tip>
  )
}
