/** One model's part of an exchange: what it thought, said and called, in the order in which it came. */
import { Link } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import { Button, Icon, Note, Tip, useCopy, useFormat } from '../../ui/index.ts'
import { Branch } from './branch.tsx'
import { speakerOf } from './chat-request.ts'
import { modelOf, ordinalOf, titleOf } from './columns.ts'
import { focusMessageBox } from './compose.tsx'
import { type Desk, liveKey, useDesk, useLiveAnswer } from './desk.ts'
import { type Answer, type Exchange, holds, type Turn, variantsOf } from './document-turns.ts'
import type { LiveAnswer } from './live-answer.ts'
import { LiveMeasure, Measure } from './measure.tsx'
import type { Model } from './playground-api.ts'
import { type PlaygroundSay, usePlaygroundWords } from './playground-words.ts'
import { Said } from './said.tsx'
import { Thought } from './thought.tsx'
import { ToolCalls } from './tool-calls.tsx'
import { Waiting } from './waiting.tsx'

export function AnswerCell({
  desk,
  exchange,
  model,
  columns,
  models,
  now,
}: {
  desk: Desk
  exchange: Exchange
  model: string
  columns: readonly string[]
  /** Those that are here: their names. */
  models: readonly Model[]
  now: boolean
}) {
  const t = usePlaygroundWords()
  const mayAsk = usePlace().may('inference')
  const turns = exchange.replies.filter((turn) => turn.answers.some((answer) => answer.model === model))
  const first = exchange.replies[0]
  const isChat = useDesk(desk, ({ mode }) => mode === 'chat')
  const comes = useDesk(desk, ({ running }) => turns.some(({ id }) => running.has(liveKey(id, model))))
  const speaker = isChat && !comes ? speakerOf(exchange, model) : null
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
      {speaker !== null && speaker !== model && (
        <p className="ended">{t('sent-along', { model: titleOf(speaker, columns, models) })}</p>
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
          <Button
            look="quiet"
            small
            icon="stop"
            onClick={() => {
              desk.stop(live.model)
              focusMessageBox()
            }}
          >
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
  const session = useDesk(desk, (state) => state.session)
  const isCompletion = useDesk(desk, ({ mode }) => mode === 'completion')
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
      <End answer={answer} mine={session === null || !holds(session.document, answer)} />
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
            {mayAsk && isCompletion && answer.text !== '' && (
              <Tip text={t('go-on-from')}>
                <Button
                  look="quiet"
                  small
                  icon="right"
                  aria-label={t('go-on-from')}
                  disabled={busy}
                  onClick={() => {
                    const whole = exchange.question.text + answer.text
                    desk.type(whole)
                    desk.ask(whole)
                  }}
                />
              </Tip>
            )}
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

/**
 * How it ended, where it did not end by itself.
 * @param mine it was asked for here, and is not saved; of what is saved nobody knows who asked
 */
function End({ answer, mine }: { answer: Answer; mine: boolean }) {
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
  const amount = format.number(answer.tokens?.out ?? 0)
  if (answer.finish === 'length' && answer.text === '' && answer.reasoning !== null)
    return <p className="ended">{t('ended-thinking', { amount })}</p>
  if (answer.finish === 'length') return <p className="ended">{t('ended-length', { amount })}</p>
  if (answer.finish === 'stopped')
    return <p className="ended">{t(mine ? 'ended-stopped' : 'ended-stopped-somebody')}</p>
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
