import { useFormat } from '../../ui/index.ts'
import type { Speed } from './models-api.ts'

/** Tokens a second of one stream: measured here, or estimated and then with ≈. */
export function SpeedShown({ of: speed }: { of: Speed | null }) {
  const format = useFormat()
  if (speed === null) return '–'
  const figure = format.number(speed.tokens_per_second, speed.tokens_per_second < 10 ? 1 : 0)
  return speed.basis === 'measured' ? (
    figure
  ) : (
    <>
      <span className="faint">≈</span> {figure}
    </>
  )
}
