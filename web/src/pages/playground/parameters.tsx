/** How models are asked: what is unset here is left to the model's maker, and the maker's value is shown. */
import { type ReactNode, useState } from 'react'
import { usePlace } from '../../app/session.ts'
import { Button, Fact, Facts, Segments, Toggle, useFormat } from '../../ui/index.ts'
import { toolNames } from './check-json.ts'
import { modelOf } from './columns.ts'
import { type Desk, isChanged, useDesk } from './desk.ts'
import { type Doc, tokensOf } from './document-turns.ts'
import { SchemaDialog, ToolsDialog } from './json-dialogs.tsx'
import { NumberParam, SlideParam, StopParam } from './parameter-fields.tsx'
import { useModelDetails } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'

type Parameters = Doc['parameters']
/** `undefined` unsets. */
type Change = { [Name in keyof Parameters]?: Parameters[Name] | undefined }
type Set = (change: Change) => void

export function ParametersAside({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const t = usePlaygroundWords()
  const mode = useDesk(desk, (state) => state.mode)
  const doc = useDesk(desk, (state) => state.doc)
  const mayAsk = usePlace().may('inference')
  const set: Set = (change) =>
    desk.change((now) => ({ ...now, parameters: withoutUnset({ ...now.parameters, ...change }) }))
  return (
    <aside className="params" aria-label={t('parameters')}>
      <header>
        <b className="medium">{t('parameters')}</b>
        <span className="push row">
          {mayAsk && (
            <Button look="quiet" small onClick={() => desk.change((now) => ({ ...now, parameters: {} }))}>
              {t('reset')}
            </Button>
          )}
          <Button look="quiet" small icon="x" aria-label={t('hide-parameters')} onClick={onClose} />
        </span>
      </header>
      <fieldset className="plain-set" disabled={!mayAsk}>
        {mode === 'chat' && <SystemPrompt desk={desk} />}
        <Sampling doc={doc} set={set} />
        {mode === 'chat' && (
          <>
            <hr />
            <Forms desk={desk} doc={doc} set={set} />
          </>
        )}
      </fieldset>
      <hr />
      <Conversation desk={desk} doc={doc} />
    </aside>
  )
}

function SystemPrompt({ desk }: { desk: Desk }) {
  const t = usePlaygroundWords()
  const text = useDesk(desk, ({ doc }) => doc.system_prompt)
  const count = useDesk(desk, ({ doc }) => doc.models.length)
  return (
    <div className="param">
      <label className="label" htmlFor="system-prompt">
        {t('system-prompt')}
      </label>
      <span className="input area">
        <textarea
          id="system-prompt"
          rows={3}
          placeholder={t('system-prompt-hint')}
          value={text}
          onChange={(event) => desk.change((now) => ({ ...now, system_prompt: event.target.value }))}
        />
      </span>
      {count > 1 && <p className="help">{count === 2 ? t('sent-to-both') : t('sent-to-all', { count })}</p>}
    </div>
  )
}

function Sampling({ doc, set }: { doc: Doc; set: Set }) {
  const t = usePlaygroundWords()
  const [first] = useModelDetails(doc.models.slice(0, 1).map(modelOf))
  const { thinking } = doc.parameters
  const sampling = first?.facts.sampling
  const thinks = first !== undefined && first.facts.thinking.mode !== 'never' && thinking !== false
  const own = (thinks ? (sampling?.thinking ?? sampling?.plain) : (sampling?.plain ?? sampling?.thinking)) ?? {}
  return (
    <>
      <SlideParam
        name={t('temperature')}
        value={doc.parameters.temperature}
        own={first && (own.temperature ?? 1)}
        max={2}
        step={0.05}
        onChange={(temperature) => set({ temperature })}
      />
      <SlideParam
        name={t('top-p')}
        value={doc.parameters.top_p}
        own={first && (own.top_p ?? 1)}
        max={1}
        step={0.01}
        onChange={(top_p) => set({ top_p })}
      />
      <NumberParam
        name={t('longest')}
        unit={t('unit-tokens')}
        value={doc.parameters.max_tokens}
        placeholder={t('longest-own')}
        min={1}
        max={10_000_000}
        onChange={(max_tokens) => set({ max_tokens })}
      />
      <NumberParam
        name={t('seed')}
        note={t('seed-note')}
        value={doc.parameters.seed}
        placeholder={t('seed-own')}
        min={Number.MIN_SAFE_INTEGER}
        max={Number.MAX_SAFE_INTEGER}
        onChange={(seed) => set({ seed })}
      />
      <StopParam value={doc.parameters.stop ?? []} onChange={(stop) => set({ stop })} />
    </>
  )
}

/** Thinking, answers as JSON, tools. */
function Forms({ desk, doc, set }: { desk: Desk; doc: Doc; set: Set }) {
  const t = usePlaygroundWords()
  const [open, setOpen] = useState<'tools' | 'schema' | null>(null)
  const details = useModelDetails([...new Set(doc.models.map(modelOf))])
  const switches = details.some(({ facts }) => facts.thinking.mode === 'switch')
  const always = details.filter(({ facts }) => facts.thinking.mode === 'always').map(({ model }) => model.name)
  const withoutTools = details.filter(({ facts }) => facts.parsers.tool === 'none').map(({ model }) => model.name)
  const { thinking } = doc.parameters
  const { type } = doc.response_format
  const names = toolNames(doc.tools_json)
  return (
    <>
      {switches ? (
        <Line name={t('thinking-switch')}>
          <Segments
            label={t('thinking-switch')}
            value={thinking === undefined ? 'own' : thinking ? 'on' : 'off'}
            onChange={(to) => set({ thinking: to === 'own' ? undefined : to === 'on' })}
            choices={[
              { value: 'own', label: t('thinking-own') },
              { value: 'on', label: t('on') },
              { value: 'off', label: t('off') },
            ]}
          />
        </Line>
      ) : (
        always.length > 0 && <p className="help">{t('thinks-always', { model: always.join(', ') })}</p>
      )}
      <Line name={t('as-json')}>
        <Toggle
          label={t('as-json')}
          on={type !== 'text'}
          onChange={(on) =>
            desk.change((now) => ({
              ...now,
              response_format: {
                ...now.response_format,
                type: on ? (now.response_format.schema_json === null ? 'json_object' : 'json_schema') : 'text',
              },
            }))
          }
        />
      </Line>
      {type !== 'text' && (
        <Line name={<span className="soft">{t(type === 'json_schema' ? 'by-schema' : 'any-json')}</span>}>
          <Button look="go" onClick={() => setOpen('schema')}>
            {t(type === 'json_schema' ? 'edit-schema' : 'add-schema')}
          </Button>
        </Line>
      )}
      <Line name={t('tools')}>
        <span className="faint cut">{names.join(', ')}</span>
        <Button look="go" onClick={() => setOpen('tools')}>
          {t(doc.tools_json === null ? 'add' : 'edit')}
        </Button>
      </Line>
      {doc.tools_json !== null && withoutTools.length > 0 && (
        <p className="help">{t('without-tools', { model: withoutTools.join(', ') })}</p>
      )}
      {open === 'tools' && <ToolsDialog desk={desk} onClose={() => setOpen(null)} />}
      {open === 'schema' && <SchemaDialog desk={desk} onClose={() => setOpen(null)} />}
    </>
  )
}

function Line({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className="param line">
      <div className="label">{name}</div>
      {children}
    </div>
  )
}

function Conversation({ desk, doc }: { desk: Desk; doc: Doc }) {
  const t = usePlaygroundWords()
  const format = useFormat()
  const sum = tokensOf(doc)
  const session = useDesk(desk, (state) => state.session)
  const changed = useDesk(desk, isChanged)
  return (
    <div className="param">
      <div className="label">{t('this-session')}</div>
      <Facts>
        <Fact name={t('tokens-in')}>{format.number(sum.in)}</Fact>
        <Fact name={t('tokens-out')}>{format.number(sum.out)}</Fact>
      </Facts>
      <p className="help">{t('counted-all')}</p>
      <p className="help">{t(session === null ? 'kept-here' : changed ? 'kept-changed' : 'kept-saved')}</p>
    </div>
  )
}

function withoutUnset(parameters: Change): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)) as Parameters
}
