/** Under an answer: how fast, how soon, how much; and what one may do with it. */
import type { ReactNode } from 'react'
import { Tip, useFormat } from '../../ui/index.ts'
import type { Answer } from './document-turns.ts'
import { type LiveAnswer, speedOf } from './live-answer.ts'
import { usePlaygroundWords } from './playground-words.ts'

export function Measure({ answer, acts }: { answer: Answer; acts: ReactNode }) {
  return (
    <Line
      perSecond={speedOf(answer)}
      firstMs={answer.timings?.first_token_ms ?? null}
      tokensIn={answer.tokens?.in ?? null}
      tokensOut={answer.tokens?.out ?? null}
      acts={acts}
    />
  )
}

export function LiveMeasure({ live, acts }: { live: LiveAnswer; acts: ReactNode }) {
  const { tokensPerSecond, firstTokenMs, tokensOut } = live.figures
  return (
    <Line
      perSecond={tokensPerSecond}
      firstMs={firstTokenMs}
      tokensIn={null}
      tokensOut={tokensOut === 0 ? null : tokensOut}
      rough
      acts={acts}
    />
  )
}

/** `rough`: counted here as it comes; the engine's own count comes with the end. */
function Line({
  perSecond,
  firstMs,
  tokensIn,
  tokensOut,
  rough = false,
  acts,
}: {
  perSecond: number | null
  firstMs: number | null
  tokensIn: number | null
  tokensOut: number | null
  rough?: boolean
  acts: ReactNode
}) {
  const t = usePlaygroundWords()
  const format = useFormat()
  const about = rough ? '≈ ' : ''
  return (
    <div className="measure">
      {perSecond !== null && (
        <span>
          <b>
            {about}
            {format.figure(perSecond)}
          </b>{' '}
          {t('per-second')}
        </span>
      )}
      {firstMs !== null && (
        <Tip text={t('to-first-help')}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the tip is for the keyboard too */}
          <span tabIndex={0}>
            <b>{format.duration(firstMs)}</b> {t('to-first')}
          </span>
        </Tip>
      )}
      {tokensOut !== null && (
        <span>
          {tokensIn !== null && (
            <>
              <b>{format.number(tokensIn)}</b> {t('in-then')}
            </>
          )}
          <b>
            {about}
            {format.number(tokensOut)}
          </b>{' '}
          {t('out')}
        </span>
      )}
      <span className="acts">{acts}</span>
    </div>
  )
}
