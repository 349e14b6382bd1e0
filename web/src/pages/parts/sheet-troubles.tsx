import { ApiError } from '../../api/client.ts'
import { Bones, Button, Code, Empty, Loaded, Note, samplesOf, Trouble } from '../../ui/index.ts'
import { usePartsWords } from './parts-words.ts'
import { Sheet } from './sheet.tsx'

export function LoadingSheet() {
  const t = usePartsWords()
  return (
    <Sheet id="loading" title={t('loading')} says={t('loading-says')} parts="Bones, Loaded">
      <Bones rows={4} />
    </Sheet>
  )
}

export function TroubleSheet() {
  const t = usePartsWords()
  const failure = (status: number, code: string, message: string) =>
    new ApiError(status, { code, message }, 'req_01JDA51R7Q')
  const offline = new ApiError(0, { code: 'offline', message: '' }, null)
  return (
    <Sheet id="error" title={t('trouble')} says={t('trouble-says')} parts="Trouble, Loaded, Note">
      <div className="stack">
        <Trouble error={failure(409, 'deployments.memory_short', t('error-memory'))} retry={() => {}} />
        <Trouble error={failure(500, 'internal', t('error-internal'))} retry={() => {}} />
        <Trouble error={failure(403, 'identity.forbidden', t('error-forbidden'))} />
        <Trouble error={failure(404, 'not_found', '')} />
        <Trouble error={offline} />
        <Loaded query={{ data: 1, error: offline, isPending: false, refetch: () => {}, dataUpdatedAt: Date.now() }}>
          {() => null}
        </Loaded>
        <Note tone="warn">{t('note-partial')}</Note>
        <Note tone="good">{t('note-good')}</Note>
        <Note>{t('note-plain')}</Note>
      </div>
    </Sheet>
  )
}

export function EmptySheet() {
  const t = usePartsWords()
  const call = { method: 'POST', path: '/api/keys', body: { project_id: '$PROJECT', name: 'first key' } } as const
  return (
    <Sheet id="empty" title={t('empty')} says={t('empty-says')} parts="Empty">
      <Empty
        title={t('empty-title')}
        acts={
          <Button look="primary" icon="plus">
            {t('create-key')}
          </Button>
        }
        beside={<Code samples={samplesOf(call)} />}
      >
        <p>{t('empty-words')}</p>
      </Empty>
    </Sheet>
  )
}
