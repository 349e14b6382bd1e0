/** How models are asked: what is unset here is left to the model's maker, and the maker's value is shown. */
import { usePlace } from '../../app/session.ts'
import { Button, Fact, Facts, useFormat } from '../../ui/index.ts'
import { AnswerForms } from './answer-forms.tsx'
import { modelOf } from './columns.ts'
import { type Desk, isChanged, useDesk } from './desk.ts'
import { type Doc, tokensOf } from './document-turns.ts'
import { freshParameters } from './fresh-parameters.ts'
import { NumberParam, SlideParam, StopParam } from './parameter-fields.tsx'
import { useModelDetails } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'

type Parameters = Doc['parameters']
/** `undefined` unsets. */
type Change = { [Name in keyof Parameters]?: Parameters[Name] | undefined }
export type SetParameters = (change: Change) => void

export function ParametersAside({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const t = usePlaygroundWords()
  const mode = useDesk(desk, (state) => state.mode)
  const doc = useDesk(desk, (state) => state.doc)
  const mayAsk = usePlace().may('inference')
  const set: SetParameters = (change) =>
    desk.change((now) => ({ ...now, parameters: withoutUnset({ ...now.parameters, ...change }) }))
  return (
    <aside className="params" aria-label={t('parameters')}>
      <header>
        <b className="medium">{t('parameters')}</b>
        <span className="push row">
          {mayAsk && (
            <Button
              look="quiet"
              small
              onClick={() => desk.change((now) => ({ ...now, parameters: freshParameters(mode) }))}
            >
              {t('reset')}
            </Button>
          )}
          <Button look="quiet" small icon="x" aria-label={t('hide-parameters')} onClick={onClose} />
        </span>
      </header>
      <fieldset className="plain-set" disabled={!mayAsk}>
        {mode === 'chat' && <SystemPrompt desk={desk} />}
        <Sampling doc={doc} set={set} disabled={!mayAsk} />
        {mode === 'chat' && (
          <>
            <hr />
            <AnswerForms desk={desk} doc={doc} set={set} disabled={!mayAsk} />
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

function Sampling({ doc, set, disabled }: { doc: Doc; set: SetParameters; disabled: boolean }) {
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
        disabled={disabled}
        onChange={(temperature) => set({ temperature })}
      />
      <SlideParam
        name={t('top-p')}
        value={doc.parameters.top_p}
        own={first && (own.top_p ?? 1)}
        max={1}
        step={0.01}
        disabled={disabled}
        onChange={(top_p) => set({ top_p })}
      />
      <NumberParam
        name={t('longest')}
        unit={t('unit-tokens')}
        value={doc.parameters.max_tokens}
        placeholder={t('longest-own')}
        {...(disabled ? {} : { help: t('longest-help') })}
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
