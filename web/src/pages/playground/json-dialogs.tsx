/** Editors of the two JSON texts of a request: tools, and the schema of the answer. */
import { type ReactNode, useState } from 'react'
import { AreaField, Button, Dialog, Note } from '../../ui/index.ts'
import {
  type JsonProblem,
  schemaProblem,
  schemaWarning,
  tidied,
  toolNames,
  toolsProblem,
  toolsWarning,
} from './check-json.ts'
import { type Desk, useDesk } from './desk.ts'
import { type PlaygroundSay, usePlaygroundWords } from './playground-words.ts'
import type { UnknownRequired } from './schema-problem.ts'

const TOOLS_EXAMPLE = JSON.stringify(
  [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        description: 'The weather of a city today.',
        parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    },
  ],
  null,
  2,
)

const SCHEMA_EXAMPLE = JSON.stringify(
  {
    type: 'object',
    properties: { answer: { type: 'number' }, steps: { type: 'array', items: { type: 'string' } } },
    required: ['answer', 'steps'],
    additionalProperties: false,
  },
  null,
  2,
)

export function ToolsDialog({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const t = usePlaygroundWords()
  const kept = useDesk(desk, ({ doc }) => doc.tools_json)
  return (
    <JsonDialog
      title={t('tools-title')}
      says={t('tools-says')}
      label={t('tools-label')}
      kept={kept}
      example={TOOLS_EXAMPLE}
      problemOf={toolsProblem}
      warningOf={toolsWarning}
      right={t('tools-right')}
      onClose={onClose}
      onKeep={(text) => desk.change((now) => ({ ...now, tools_json: text }))}
    />
  )
}

export function SchemaDialog({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const t = usePlaygroundWords()
  const kept = useDesk(desk, ({ doc }) => doc.response_format.schema_json)
  const calls = useDesk(desk, ({ doc }) => toolNames(doc.tools_json).length > 0 && doc.tool_choice !== 'none')
  return (
    <JsonDialog
      title={t('schema-title')}
      says={t(calls ? 'schema-says-tools' : 'schema-says')}
      label={t('schema-label')}
      kept={kept}
      example={SCHEMA_EXAMPLE}
      problemOf={schemaProblem}
      warningOf={schemaWarning}
      right={t('schema-right')}
      onClose={onClose}
      onKeep={(text) =>
        desk.change((now) => ({
          ...now,
          response_format: { type: text === null ? 'json_object' : 'json_schema', schema_json: text },
        }))
      }
    />
  )
}

function JsonDialog({
  title,
  says,
  label,
  kept,
  example,
  problemOf,
  warningOf,
  right,
  onClose,
  onKeep,
}: {
  title: string
  says: ReactNode
  label: string
  kept: string | null
  example: string
  problemOf: (text: string) => JsonProblem | null
  /** Asked where there is no problem. */
  warningOf: (text: string) => UnknownRequired | null
  /** What is said where there is none. */
  right: string
  onClose: () => void
  onKeep: (text: string | null) => void
}) {
  const t = usePlaygroundWords()
  const [text, setText] = useState(kept ?? example)
  const problem = problemOf(text)
  const warning = problem === null ? warningOf(text) : null
  const keep = (what: string | null) => {
    onKeep(what)
    onClose()
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      says={says}
      foot={
        kept !== null && (
          <Button look="danger" onClick={() => keep(null)}>
            {t('take-away')}
          </Button>
        )
      }
      acts={
        <>
          <Button onClick={() => setText(tidied(text))} disabled={problem?.code === 'syntax'}>
            {t('tidy')}
          </Button>
          <Button look="primary" disabled={problem !== null} onClick={() => keep(text)}>
            {t('use-it')}
          </Button>
        </>
      }
    >
      <AreaField
        mono
        rows={14}
        label={label}
        spellCheck={false}
        value={text}
        onChange={setText}
        error={problem && problemWords(t, problem)}
        help={warning === null && right}
      />
      {warning && (
        <Note tone="warn">
          {t('required-unknown', { at: warning.at || t('json-schema-itself'), name: warning.name })}
        </Note>
      )}
    </Dialog>
  )
}

function problemWords(t: PlaygroundSay, problem: JsonProblem): string {
  if (problem.code === 'syntax') return t('json-syntax', { line: problem.line, column: problem.column })
  const at = problem.at || t('json-schema-itself')
  if ('value' in problem) return t(`json-${problem.code}`, { at, value: problem.value })
  return t(`json-${problem.code}`, { at })
}
