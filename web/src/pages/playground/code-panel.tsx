import { Code, Note, Panel, Select } from '../../ui/index.ts'
import {
  chatBody,
  completionBody,
  type Endpoint,
  embeddingBody,
  type RequestBody,
  tokenizeBody,
} from './chat-request.ts'
import { schemaProblem, toolsProblem } from './check-json.ts'
import { titleOf } from './columns.ts'
import { type Desk, type DeskState, stamp, useDesk } from './desk.ts'
import { ask } from './document-turns.ts'
import { useModelsHere } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { samplesOf } from './request-code.ts'
import { linesIn } from './similarity.ts'

/**
 * The request of this page as a program would make it.
 * @param column whose; the first where it is null or not there any more
 */
export function CodePanel({
  desk,
  column,
  onColumn,
  onClose,
}: {
  desk: Desk
  column: string | null
  onColumn: (column: string) => void
  onClose: () => void
}) {
  const t = usePlaygroundWords()
  const state = useDesk(desk, (now) => now)
  const { models } = state.doc
  const { models: here } = useModelsHere(null)
  const chosen = column !== null && models.includes(column) ? column : (models[0] ?? '')
  const request = requestOf(state, chosen)
  return (
    <Panel title={t('code-title')} says={t('code-says')} onClose={onClose}>
      {models.length > 1 && (
        <div className="code-model">
          <Select
            label={t('model')}
            value={chosen}
            onChange={onColumn}
            choices={models.map((id) => ({ value: id, label: titleOf(id, models, here) }))}
          />
        </div>
      )}
      {request === null ? (
        <Note tone="warn">{t('json-first')}</Note>
      ) : (
        <Code samples={samplesOf(location.origin, request.endpoint, request.body)} foot={t('code-foot')} />
      )}
    </Panel>
  )
}

/** What Send would ask now; with an empty box what was asked last. Null where tools or the schema are not right yet. */
function requestOf({ mode, doc, asking }: DeskState, model: string): { endpoint: Endpoint; body: RequestBody } | null {
  if (doc.tools_json !== null && toolsProblem(doc.tools_json) !== null) return null
  if (doc.response_format.type === 'json_schema' && schemaProblem(doc.response_format.schema_json ?? '') !== null)
    return null
  if (mode === 'embeddings')
    return { endpoint: '/v1/embeddings', body: embeddingBody(model, linesIn(doc.inputs.join('\n'))) }
  if (mode === 'tokens') return { endpoint: '/tokenize', body: tokenizeBody(model, doc.inputs[0] ?? '', false) }
  const body = mode === 'completion' ? completionBody : chatBody
  const endpoint = mode === 'completion' ? '/v1/completions' : '/v1/chat/completions'
  const last = doc.turns.find(({ id }) => id === doc.shown)
  if (asking.trim() === '' && last) return { endpoint, body: body(doc, last, model) }
  const from = mode === 'completion' ? { ...doc, shown: null } : doc
  const { doc: asked, waits } = ask(from, asking.trim() === '' ? 'Say hello.' : asking, stamp)
  return { endpoint, body: body(asked, waits, model) }
}
