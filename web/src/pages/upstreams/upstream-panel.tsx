import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import { useCrumb } from '../../app/crumb.ts'
import { usePlace } from '../../app/session.ts'
import {
  Ago,
  Button,
  ConfirmDialog,
  Fact,
  Facts,
  FormDialog,
  Id,
  Loaded,
  Note,
  Panel,
  Section,
  ShowCall,
  State,
  Trouble,
  toast,
  useFormat,
} from '../../ui/index.ts'
import { PublishDialog } from './publish-dialog.tsx'
import { draftOf, isFilled, TestResult, TestRow, UpstreamFields, type UpstreamForm } from './upstream-form.tsx'
import { TroubleInWords, UpstreamState } from './upstream-state.tsx'
import {
  changeUpstream,
  checkUpstream,
  deleteUpstream,
  type Upstream,
  type UpstreamTest,
  upstreamQuery,
} from './upstreams-api.ts'
import { useUpstreamWords } from './upstreams-words.ts'

/** One upstream beside the list: how it is, what it serves, and what can be done to it. */
export function UpstreamPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useUpstreamWords()
  const { may } = usePlace()
  const query = useQuery(upstreamQuery(id))
  const [doing, setDoing] = useState<'change' | 'publish' | 'disable' | 'delete' | null>(null)
  const check = useAct<UpstreamTest>(['upstreams', 'models'])
  const enable = useAct<Upstream>(['upstreams', 'models'])
  const upstream = query.data
  useCrumb(upstream?.name ?? null)
  const done = () => setDoing(null)
  return (
    <Panel title={upstream?.name ?? t('upstream')} says={upstream && t(`kind-${upstream.kind}`)} onClose={onClose}>
      <Loaded query={query}>
        {(one) => (
          <>
            {may('upstreams.change') && (
              <div className="row panel-acts">
                <Button small icon="redo" busy={check.isPending} onClick={() => check.mutate(checkUpstream(one.id))}>
                  {t('test')}
                </Button>
                <Button small onClick={() => setDoing('change')}>
                  {t('change')}
                </Button>
                {one.enabled ? (
                  <Button small onClick={() => setDoing('disable')}>
                    {t('disable')}
                  </Button>
                ) : (
                  <Button
                    small
                    busy={enable.isPending}
                    onClick={() => enable.mutate(changeUpstream(one.id, { enabled: true }))}
                  >
                    {t('enable')}
                  </Button>
                )}
                <Button small look="danger" onClick={() => setDoing('delete')}>
                  {t('delete')}
                </Button>
              </div>
            )}
            {check.error && <Trouble error={check.error} />}
            {enable.error && <Trouble error={enable.error} />}
            {check.data && !check.isPending && <TestResult of={check.data} />}
            {!check.data && one.trouble && (
              <Note tone="bad">
                <TroubleInWords of={one.trouble} />
              </Note>
            )}
            <UpstreamFacts of={one} />
            <Models of={one} onChoose={may('upstreams.change') ? () => setDoing('publish') : null} />
            {doing === 'change' && <ChangeDialog of={one} onClose={done} />}
            {doing === 'publish' && <PublishDialog of={one} onClose={done} />}
            {doing === 'disable' && <DisableDialog of={one} onClose={done} />}
            {doing === 'delete' && <DeleteDialog of={one} onClose={done} onDeleted={onClose} />}
          </>
        )}
      </Loaded>
    </Panel>
  )
}

function UpstreamFacts({ of: one }: { of: Upstream }) {
  const t = useUpstreamWords()
  const format = useFormat()
  return (
    <Facts lined>
      <Fact name={t('state')}>
        <UpstreamState of={one} />
        {one.state_since && (
          <span className="soft">
            {' '}
            <Ago at={one.state_since} />
          </span>
        )}
      </Fact>
      <Fact name={t('checked')}>
        {one.checked_at ? <Ago at={one.checked_at} /> : t('never')}
        {one.probe_ms !== null && <span className="soft"> · {format.duration(one.probe_ms)}</span>}
      </Fact>
      <Fact name={t('url')}>
        <span className="mono">{one.base_url}</span>
      </Fact>
      <Fact name={t('network')}>{t(`network-${one.network}`)}</Fact>
      <Fact name={t('auth')}>
        {t(`auth-${one.auth.kind}`)}
        {one.auth.header && <span className="mono"> {one.auth.header}</span>}
        {one.auth.secret_last4 && <span className="mono"> …{one.auth.secret_last4}</span>}
        {!one.auth.readable && <State tone="bad">{t('secret-lost')}</State>}
      </Fact>
      <Fact name={t('id')}>
        <Id text={one.id} />
      </Fact>
      <Fact name={t('added-at')}>
        <Ago at={one.created_at} /> {t('by', { name: one.created_by_name ?? t('command-line') })}
      </Fact>
    </Facts>
  )
}

function Models({ of: one, onChoose }: { of: Upstream; onChoose: (() => void) | null }) {
  const t = useUpstreamWords()
  const format = useFormat()
  const published = one.models.filter(({ name }) => name !== null)
  return (
    <Section
      title={t('models-head')}
      count={published.length}
      acts={
        onChoose && (
          <Button small onClick={onChoose}>
            {t('choose')}
          </Button>
        )
      }
    >
      <p className="soft t13">{t(one.publishes_all ? 'publishes-all' : 'publishes-some')}</p>
      {published.length === 0 ? (
        <p className="soft">{t('no-models')}</p>
      ) : (
        <Facts lined>
          {published.map((model) => (
            <Fact key={model.remote} name={<span className="mono">{model.name}</span>}>
              {t(`task-${model.task}`)}
              {model.context_tokens !== null && (
                <span className="soft"> · {t('context', { tokens: format.number(model.context_tokens) })}</span>
              )}
              {model.hidden && <State tone="warn">{t('hidden')}</State>}
              {!model.listed && <State tone="warn">{t('unlisted')}</State>}
            </Fact>
          ))}
        </Facts>
      )}
    </Section>
  )
}

function ChangeDialog({ of: one, onClose }: { of: Upstream; onClose: () => void }) {
  const t = useUpstreamWords()
  const [form, setForm] = useState<UpstreamForm>({
    kind: one.kind,
    name: one.name,
    url: one.base_url,
    network: one.network,
    authKind: one.auth.kind,
    header: one.auth.header ?? '',
    secret: '',
  })
  const { upstream_id: _, kind: __, ...draft } = draftOf(form, null)
  const call = changeUpstream(one.id, { name: form.name.trim(), ...draft })
  const act = useAct<Upstream>(['upstreams', 'models'], () => {
    toast({ title: t('changed', { name: form.name }) })
    onClose()
  })
  return (
    <FormDialog
      title={t('change-title', { name: one.name })}
      says={form.name !== one.name && one.publishes_all ? t('change-renames') : undefined}
      call={call}
      label={t('save')}
      ready={isFilled(form, one.auth.has_secret)}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <UpstreamFields form={form} onChange={setForm} hasSecret={one.auth.has_secret} />
      <TestRow draft={draftOf(form, one.id)} ready={form.url.trim() !== ''} />
    </FormDialog>
  )
}

function DisableDialog({ of: one, onClose }: { of: Upstream; onClose: () => void }) {
  const t = useUpstreamWords()
  const call = changeUpstream(one.id, { enabled: false })
  const act = useAct<Upstream>(['upstreams', 'models'], onClose)
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('disable-title', { name: one.name })}
      label={t('disable')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('disable-says', { count: one.models_published })}
    </ConfirmDialog>
  )
}

function DeleteDialog({ of: one, onClose, onDeleted }: { of: Upstream; onClose: () => void; onDeleted: () => void }) {
  const t = useUpstreamWords()
  const call = deleteUpstream(one.id)
  const act = useAct(['upstreams', 'models'], () => {
    toast({ title: t('deleted', { name: one.name }) })
    onDeleted()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('delete-title', { name: one.name })}
      label={t('delete')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('delete-says', { count: one.models_published })}
    </ConfirmDialog>
  )
}
