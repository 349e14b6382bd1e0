/** One model's part of an exchange: what it thought, said and called, in the order in which it came. */
import { Link } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { Button, Icon, Note, Tip, useCopy, useFormat } from '../../ui/index.ts'
import { Branch } from './branch.tsx'
import { modelOf, ordinalOf } from './columns.ts'
import { type Desk, liveKey, useDesk, useLiveAnswer } from './desk.ts'
import { type Answer, type Exchange, type Turn, variantsOf } from './document-turns.ts'
import type { LiveAnswer } from './live-answer.ts'
import { LiveMeasure, Measure } from './measure.tsx'
import { type PlaygroundSay, usePlaygroundWords } from './playground-words.ts'
import { Said } from './said.tsx'
import { Thought } from './thought.tsx'
import { ToolCalls } from './tool-calls.tsx'
import { Waiting } from './waiting.tsx'

export function AnswerCell({
  desk,
  exchange,
  model,
  now,
}: {
  desk: Desk
  exchange: Exchange
  model: string
  now: boolean
}) {
  const t = usePlaygroundWords()
  const mayAsk = usePlace().may('inference')
  const turns = exchange.replies.filter((turn) => turn.answers.some((answer) => answer.model === model))
  const first = exchange.replies[0]
  return (
    <div className={`answer ${now ? 'now' : ''}`}>
      {turns.map((turn) => (
        <OneAnswer
          key={turn.id}
          desk={desk}
          turn={turn}
          answer={turn.answers.find((answer) => answer.model === model)!}
          exchange={exchange}
        />
      ))}
      {turns.length === 0 && first && (
        <p className="row t13 faint">
          {t('not-asked')}
          {mayAsk && first.answers.length < 4 && (
            <Button look="go" onClick={() => desk.also(first, model)}>
              {t('ask-it')}
            </Button>
          )}
        </p>
      )}
    </div>
  )
}

type Shown = { desk: Desk; turn: Turn; answer: Answer; exchange: Exchange }

function OneAnswer({ desk, turn, answer, exchange }: Shown) {
  const live = useDesk(desk, ({ running }) => running.get(liveKey(turn.id, answer.model)))
  return live ? (
    <Coming desk={desk} live={live} />
  ) : (
    <Given desk={desk} turn={turn} answer={answer} exchange={exchange} />
  )
}

/** While it comes: drawn again each frame, so only its growing end may cost. */
function Coming({ desk, live }: { desk: Desk; live: LiveAnswer }) {
  useLiveAnswer(live)
  const t = usePlaygroundWords()
  const plain = useDesk(desk, isPlain)
  return (
    <div className="one" aria-busy="true">
      {live.reasoning !== '' && (
        <Thought text={live.reasoning} ms={live.reasoningMs} tokens={null} thinking={live.phase === 'thinking'} />
      )}
      {live.phase === 'waiting' ? (
        <Waiting live={live} />
      ) : (
        <div className="said growing">
          {live.text !== '' && <Said text={live.text} plain={plain} />}
          {live.phase === 'answering' && live.toolCalls.length === 0 && <span className="caret" />}
        </div>
      )}
      <ToolCalls calls={live.toolCalls} />
      <LiveMeasure
        live={live}
        acts={
          <Button look="quiet" small icon="stop" onClick={() => desk.stop(live.model)}>
            {t('stop')}
          </Button>
        }
      />
    </div>
  )
}

function Given({ desk, turn, answer, exchange }: Shown) {
  const t = usePlaygroundWords()
  const mayAsk = usePlace().may('inference')
  const plain = useDesk(desk, isPlain)
  const busy = useDesk(desk, ({ running }) => turn.answers.some(({ model }) => running.has(liveKey(turn.id, model))))
  const doc = useDesk(desk, ({ doc }) => doc)
  const variants = variantsOf(doc, turn, answer.model)
  const isLast =
    exchange.replies.findLast(({ answers }) => answers.some(({ model }) => model === answer.model)) === turn
  const { copied, copy } = useCopy()
  return (
    <div className="one">
      {answer.reasoning !== null && (
        <Thought
          text={answer.reasoning}
          ms={answer.timings?.reasoning_ms ?? null}
          tokens={answer.tokens?.reasoning ?? null}
          thinking={false}
        />
      )}
      {answer.text !== '' && (
        <div className="said">
          <Said text={answer.text} plain={plain} />
        </div>
      )}
      <ToolCalls
        calls={answer.tool_calls}
        results={exchange.replies}
        {...(isLast && mayAsk && answer.finish === 'tool_calls'
          ? { onResults: (results) => desk.results(turn, answer.model, results) }
          : {})}
      />
      <End answer={answer} />
      <Measure
        answer={answer}
        acts={
          <>
            <Branch
              turns={variants.turns}
              at={variants.at}
              name={t('answers-of', { model: `${modelOf(answer.model)}${ordinalOf(answer.model, doc.models)}` })}
              onShow={desk.show}
            />
            {answer.request_id !== null && (
              <Tip text={t('its-request')}>
                <Link
                  to="/requests/$request"
                  params={{ request: answer.request_id }}
                  search={(now: object) => now as never}
                  className="btn icon-only quiet small"
                  aria-label={t('its-request')}
                >
                  <Icon name="link" />
                </Link>
              </Tip>
            )}
            <Tip text={t(copied ? 'copied' : 'copy-answer')}>
              <Button
                look="quiet"
                small
                icon={copied ? 'clip' : 'copy'}
                aria-label={t(copied ? 'copied' : 'copy-answer')}
                onClick={() => copy(answer.text)}
              />
            </Tip>
            {mayAsk && (
              <Tip text={t('again')}>
                <Button
                  look="quiet"
                  small
                  icon="redo"
                  aria-label={t('again')}
                  disabled={busy}
                  onClick={() => desk.again(turn, answer.model)}
                />
              </Tip>
            )}
          </>
        }
      />
    </div>
  )
}

/** How it ended, where it did not end by itself. */
function End({ answer }: { answer: Answer }) {
  const t = usePlaygroundWords()
  const format = useFormat()
  if (answer.error !== null)
    return (
      <Note tone="bad">
        <b className="medium">{troubleTitle(t, answer.error.code)}</b>
        {!OWN_WORDS.has(answer.error.code) && (
          <>
            {' '}
            {answer.error.message} <code className="code-word">{answer.error.code}</code>
          </>
        )}
      </Note>
    )
  if (answer.finish === 'length')
    return <p className="ended">{t('ended-length', { amount: format.number(answer.tokens?.out ?? 0) })}</p>
  if (answer.finish === 'stopped') return <p className="ended">{t('ended-stopped')}</p>
  if (answer.finish === 'content_filter') return <p className="ended">{t('ended-filter')}</p>
  if (answer.finish === null) return <p className="ended">{t('ended-cut')}</p>
  return null
}

/** What only the browser knows of; its message would be in a language of its own. */
const OWN_WORDS = new Set(['stream_cut', 'offline'])

function troubleTitle(t: PlaygroundSay, code: string): string {
  if (code === 'stream_cut') return t('trouble-cut')
  if (code === 'offline') return t('trouble-offline')
  if (code === 'context_length_exceeded') return t('trouble-long')
  if (code === 'model_not_found') return t('trouble-model')
  return t('trouble')
}

/** JSON and completions are text as it stands, not Markdown. */
function isPlain({ mode, doc }: { mode: string; doc: { response_format: { type: string } } }): boolean {
  return mode === 'completion' || doc.response_format.type !== 'text'
}
