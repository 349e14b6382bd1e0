/** Chat and plain completion: the columns, the conversation, and the box at the foot. */
import { useState } from 'react'
import { Button, Code, Empty } from '../../ui/index.ts'
import { chatBody, completionBody } from './chat-request.ts'
import { schemaProblem, toolsProblem } from './check-json.ts'
import { modelOf, nameOf } from './columns.ts'
import { Compose } from './compose.tsx'
import { type Desk, isChanged, stamp, useDesk } from './desk.ts'
import { ask, shownPath } from './document-turns.ts'
import { Flow } from './flow.tsx'
import { Heads, PhoneHeads } from './heads.tsx'
import { useModelsHere } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { samplesOf } from './request-code.ts'

export function TalkMode({
  desk,
  onModels,
  onCode,
  onParameters,
}: {
  desk: Desk
  onModels: (models: string[]) => void
  onCode: (model: string) => void
  onParameters: () => void
}) {
  const mode = useDesk(desk, (state) => state.mode)
  const models = useDesk(desk, ({ doc }) => doc.models)
  const isEmpty = useDesk(desk, ({ doc }) => doc.shown === null)
  const [picked, setPicked] = useState<string | null>(null)
  const now = picked !== null && models.includes(picked) ? picked : (models[0] ?? '')
  const heads = { models, task: 'chat' as const, onModels, onCode }
  return (
    <div className="talks" data-count={models.length} style={{ '--talks': models.length } as React.CSSProperties}>
      <PhoneHeads {...heads} now={now} onNow={setPicked} />
      <Heads {...heads} />
      {isEmpty ? <FirstWords desk={desk} /> : <Flow desk={desk} now={now} />}
      <Foot key={mode} desk={desk} onParameters={onParameters} />
      <Spoken desk={desk} />
    </div>
  )
}

/** For who cannot see it: that answers come, and that they are there. */
function Spoken({ desk }: { desk: Desk }) {
  const t = usePlaygroundWords()
  const running = useDesk(desk, (state) => state.running.size)
  const [begun, setBegun] = useState(false)
  if (running > 0 && !begun) setBegun(true)
  return (
    <p className="hide" role="status">
      {running > 0 ? t('answers-come') : begun ? t('answers-there') : ''}
    </p>
  )
}

function Foot({ desk, onParameters }: { desk: Desk; onParameters: () => void }) {
  const t = usePlaygroundWords()
  const mode = useDesk(desk, (state) => state.mode)
  const text = useDesk(desk, (state) => state.asking)
  const running = useDesk(desk, (state) => state.running.size > 0)
  const models = useDesk(desk, ({ doc }) => doc.models)
  const tools = useDesk(desk, ({ doc }) => doc.tools_json)
  const format = useDesk(desk, ({ doc }) => doc.response_format)
  const badTools = tools !== null && toolsProblem(tools) !== null
  const badSchema = format.type === 'json_schema' && schemaProblem(format.schema_json ?? '') !== null
  const isChat = mode === 'chat'
  const isSaved = useDesk(desk, ({ session }) => session !== null)
  const changed = useDesk(desk, isChanged)
  const { models: here } = useModelsHere('chat')
  const name = nameOf(models[0] ?? '', here)
  const asked = useDesk(desk, ({ doc }) => shownPath(doc)[0]?.text)
  return (
    <Compose
      text={text}
      onText={desk.type}
      label={t(isChat ? 'message' : 'prompt')}
      placeholder={
        !isChat
          ? t('prompt-hint')
          : new Set(models.map(modelOf)).size === 1
            ? models.length === 1
              ? t('ask-one', { name })
              : t('ask-times', { name, count: models.length })
            : models.length === 2
              ? t('ask-both')
              : t('ask-all', { count: models.length })
      }
      send={t(isChat ? 'send' : text === asked ? 'complete-again' : 'complete')}
      rows={isChat ? 2 : 5}
      hint={t(!isSaved ? 'unsaved-hint' : changed ? 'changes-hint' : 'all-saved')}
      blocked={badTools ? t('tools-first') : badSchema ? t('schema-first') : null}
      running={running}
      onSend={() => desk.ask(text)}
      onStop={() => desk.stop()}
      before={
        <span className="only-phone">
          <Button look="quiet" small icon="tune" onClick={onParameters}>
            {t('parameters')}
          </Button>
        </span>
      }
    />
  )
}

/** Before the first question: what this is for, a few to begin with, and the call that does the same. */
function FirstWords({ desk }: { desk: Desk }) {
  const t = usePlaygroundWords()
  const mode = useDesk(desk, (state) => state.mode)
  const doc = useDesk(desk, (state) => state.doc)
  const isChat = mode === 'chat'
  const tries = isChat ? (['try-1', 'try-2', 'try-3'] as const) : (['try-4', 'try-5'] as const)
  const { doc: asked, waits } = ask(doc, t(tries[0]), stamp)
  const body = (isChat ? chatBody : completionBody)(asked, waits, doc.models[0] ?? '')
  return (
    <div className="flow first-words">
      <Empty
        title={t(isChat ? 'empty-chat' : 'empty-completion')}
        beside={
          <Code
            samples={samplesOf(location.origin, isChat ? '/v1/chat/completions' : '/v1/completions', body)}
            foot={t('code-foot')}
          />
        }
      >
        <p>{t(isChat ? 'empty-chat-says' : 'empty-completion-says')}</p>
        <ul className="tries" aria-label={t('tries')}>
          {tries.map((one) => (
            <li key={one}>
              <button type="button" className="try" onClick={() => desk.type(t(one))}>
                {t(one)}
              </button>
            </li>
          ))}
        </ul>
      </Empty>
    </div>
  )
}
