/** What a model wants called, and what the call returned: given by hand here, by a program elsewhere. */
import { useId, useState } from 'react'
import { Button, Icon } from '../../ui/index.ts'
import { tidied } from './check-json.ts'
import type { ToolCall, Turn } from './document-turns.ts'
import { usePlaygroundWords } from './playground-words.ts'

export function ToolCalls({
  calls,
  results = [],
  onResults,
}: {
  calls: readonly ToolCall[]
  /** Turns of the exchange; those of tools hold what calls returned. */
  results?: readonly Turn[]
  /** Where results are waited for. */
  onResults?: (results: { id: string; text: string }[]) => void
}) {
  const t = usePlaygroundWords()
  const [given, setGiven] = useState<Record<string, string>>({})
  if (calls.length === 0) return null
  const whole = calls.every(({ id }) => (given[id] ?? '').trim() !== '')
  return (
    <div className="calls">
      {calls.map((call, index) => (
        <Call
          key={call.id || index}
          call={call}
          result={results.find((turn) => turn.tool_call_id === call.id)?.text ?? null}
          {...(onResults
            ? { given: given[call.id] ?? '', onGive: (text: string) => setGiven({ ...given, [call.id]: text }) }
            : {})}
        />
      ))}
      {onResults && (
        <div className="row calls-foot">
          <span className="small faint">{t('results-help')}</span>
          <span className="push">
            <Button
              small
              icon="up"
              disabled={!whole}
              onClick={() => onResults(calls.map(({ id }) => ({ id, text: given[id] ?? '' })))}
            >
              {t('send-results', { count: calls.length })}
            </Button>
          </span>
        </div>
      )}
    </div>
  )
}

function Call({
  call,
  result,
  given,
  onGive,
}: {
  call: ToolCall
  result: string | null
  given?: string
  onGive?: (text: string) => void
}) {
  const t = usePlaygroundWords()
  const id = useId()
  return (
    <div className="call-card">
      <div className="call-name">
        <Icon name="tune" />
        {t('calls')} <code>{call.name}</code>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: code that scrolls must be reachable with the keyboard */}
      <pre tabIndex={0}>{tidied(call.arguments)}</pre>
      {result !== null ? (
        <>
          <div className="call-name">{t('returned')}</div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: code that scrolls must be reachable with the keyboard */}
          <pre tabIndex={0}>{tidied(result)}</pre>
        </>
      ) : (
        onGive && (
          <>
            <label className="call-name" htmlFor={id}>
              {t('result-of', { name: call.name })}
            </label>
            <span className="input area">
              <textarea
                id={id}
                className="mono"
                rows={2}
                placeholder='{"celsius": 21}'
                value={given ?? ''}
                onChange={(event) => onGive(event.target.value)}
              />
            </span>
          </>
        )
      )}
    </div>
  )
}
