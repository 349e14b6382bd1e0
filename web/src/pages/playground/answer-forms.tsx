/** Which form an answer takes: thought first, as JSON, or as calls of tools. */
import { useState } from 'react'
import { Button, Segments, Select, Toggle } from '../../ui/index.ts'
import { toolNames } from './check-json.ts'
import { modelOf } from './columns.ts'
import { type Desk, useDesk } from './desk.ts'
import type { Doc } from './document-turns.ts'
import { SchemaDialog, ToolsDialog } from './json-dialogs.tsx'
import { Line } from './parameter-fields.tsx'
import type { SetParameters } from './parameters.tsx'
import { useModelDetails } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'

/** @param disabled for who may read and not ask: what would open an editor is left out */
export function AnswerForms({
  desk,
  doc,
  set,
  disabled,
}: {
  desk: Desk
  doc: Doc
  set: SetParameters
  disabled: boolean
}) {
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
          disabled={disabled}
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
          {!disabled && (
            <Button look="go" onClick={() => setOpen('schema')}>
              {t(type === 'json_schema' ? 'edit-schema' : 'add-schema')}
            </Button>
          )}
        </Line>
      )}
      <Line name={t('tools')}>
        <span className="faint cut">{disabled && names.length === 0 ? t('none') : names.join(', ')}</span>
        {!disabled && (
          <Button look="go" onClick={() => setOpen('tools')}>
            {t(doc.tools_json === null ? 'add' : 'edit')}
          </Button>
        )}
      </Line>
      {names.length > 0 && <ToolChoice desk={desk} names={names} disabled={disabled} />}
      {doc.tools_json !== null && withoutTools.length > 0 && (
        <p className="help">{t('without-tools', { model: withoutTools.join(', ') })}</p>
      )}
      {open === 'tools' && <ToolsDialog desk={desk} onClose={() => setOpen(null)} />}
      {open === 'schema' && <SchemaDialog desk={desk} onClose={() => setOpen(null)} />}
    </>
  )
}

/** A tool may have any name, so its choice is told apart by what no word begins with. */
const NAMED = '='

function ToolChoice({ desk, names, disabled }: { desk: Desk; names: readonly string[]; disabled: boolean }) {
  const t = usePlaygroundWords()
  const choice = useDesk(desk, ({ doc }) => doc.tool_choice)
  const named = typeof choice === 'object' && names.includes(choice.name) ? NAMED + choice.name : null
  const value = named ?? (typeof choice === 'string' ? choice : 'auto')
  const choose = (to: string) =>
    desk.change(({ tool_choice: _old, ...rest }) => {
      if (to === 'required' || to === 'none') return { ...rest, tool_choice: to }
      return to === 'auto' ? rest : { ...rest, tool_choice: { name: to.slice(NAMED.length) } }
    })
  return (
    <>
      <Line name={t('tool-choice')}>
        <Select
          small
          label={t('tool-choice')}
          value={value}
          disabled={disabled}
          onChange={choose}
          choices={[
            { value: 'auto', label: t('tool-choice-auto') },
            { value: 'required', label: t('tool-choice-required') },
            { value: 'none', label: t('tool-choice-none') },
            ...names.map((name) => ({ value: NAMED + name, label: t('tool-choice-named', { name }) })),
          ]}
        />
      </Line>
      {(value === 'required' || named !== null) && <p className="help">{t('tool-choice-help')}</p>}
    </>
  )
}
