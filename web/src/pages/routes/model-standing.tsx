import { State, type Tone } from '../../ui/index.ts'
import type { RouteTarget } from './routes-api.ts'
import { useRouteWords } from './routes-words.ts'

export type Standing = Pick<RouteTarget, 'state' | 'draining' | 'breaker'>

const TONES: Record<Standing['state'], Tone> = { ready: 'on', asleep: 'off', unhealthy: 'bad', missing: 'warn' }

/** How a model is, as the gateway sees it: what keeps it from being asked goes before the rest. */
export function ModelStanding({ of: { state, draining, breaker } }: { of: Standing }) {
  const t = useRouteWords()
  if (draining) return <State tone="warn">{t('draining')}</State>
  if (breaker !== null) return <State tone="bad">{t(`breaker-${breaker}`)}</State>
  return <State tone={TONES[state]}>{t(`state-${state}`)}</State>
}
