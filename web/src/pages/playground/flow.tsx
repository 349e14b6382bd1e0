/** The conversation: each question once, across; under it the answers, side by side and level. On phones one model's. */
import { memo, useLayoutEffect, useRef, useState } from 'react'
import { usePlace } from '../../app/session.ts'
import { Button, Tip, useCopy } from '../../ui/index.ts'
import { AnswerCell } from './answer-cell.tsx'
import { Branch } from './branch.tsx'
import { type Desk, useDesk } from './desk.ts'
import { besides, type Exchange, exchangesOf, shownPath } from './document-turns.ts'
import { useModelsHere } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { useStayAtEnd } from './stay-at-end.ts'

export function Flow({ desk, now }: { desk: Desk; now: string }) {
  const t = usePlaygroundWords()
  const doc = useDesk(desk, (state) => state.doc)
  const { models } = useModelsHere('chat')
  const box = useRef<HTMLDivElement>(null)
  useStayAtEnd(box, doc.shown)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <section className="flow" ref={box} tabIndex={0} aria-label={t('conversation')}>
      <div className="flow-in">
        {exchangesOf(shownPath(doc)).map((exchange) => (
          <section className="exchange" key={exchange.question.id}>
            <Asked desk={desk} exchange={exchange} />
            {doc.models.map((model) => (
              <AnswerCell
                key={model}
                desk={desk}
                exchange={exchange}
                model={model}
                columns={doc.models}
                models={models}
                now={model === now}
              />
            ))}
          </section>
        ))}
      </div>
    </section>
  )
}

const Asked = memo(function Asked({ desk, exchange: { question } }: { desk: Desk; exchange: Exchange }) {
  const t = usePlaygroundWords()
  const doc = useDesk(desk, (state) => state.doc)
  const mode = useDesk(desk, (state) => state.mode)
  const mayAsk = usePlace().may('inference')
  const [editing, setEditing] = useState<string | null>(null)
  const { copied, copy } = useCopy()
  const others = besides(doc, question)
  if (editing !== null)
    return (
      <EditQuestion
        text={editing}
        onChange={setEditing}
        onCancel={() => setEditing(null)}
        onAsk={() => {
          setEditing(null)
          desk.ask(editing, question)
        }}
      />
    )
  return (
    <div className="asked">
      <p>{question.text}</p>
      <span className="acts">
        <Branch turns={others} at={others.indexOf(question)} name={t('questions')} onShow={desk.show} />
        <Tip text={t(copied ? 'copied' : 'copy-question')}>
          <Button
            look="quiet"
            small
            icon={copied ? 'clip' : 'copy'}
            aria-label={t(copied ? 'copied' : 'copy-question')}
            onClick={() => copy(question.text)}
          />
        </Tip>
        {mode === 'chat' && mayAsk && (
          <Tip text={t('edit-question')}>
            <Button
              look="quiet"
              small
              icon="pen"
              aria-label={t('edit-question')}
              onClick={() => setEditing(question.text)}
            />
          </Tip>
        )}
      </span>
    </div>
  )
})

function EditQuestion({
  text,
  onChange,
  onCancel,
  onAsk,
}: {
  text: string
  onChange: (text: string) => void
  onCancel: () => void
  onAsk: () => void
}) {
  const t = usePlaygroundWords()
  const area = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => area.current?.focus(), [])
  return (
    <form
      className="asked editing"
      onSubmit={(event) => {
        event.preventDefault()
        onAsk()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel()
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onAsk()
      }}
    >
      <span className="input area">
        <textarea
          ref={area}
          aria-label={t('edit-question')}
          rows={3}
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      </span>
      <div className="row">
        <span className="small faint">{t('edit-help')}</span>
        <span className="push row">
          <Button small onClick={onCancel}>
            {t('cancel')}
          </Button>
          <Button small icon="up" type="submit" disabled={text.trim() === ''}>
            {t('ask-edited')}
          </Button>
        </span>
      </div>
    </form>
  )
}
