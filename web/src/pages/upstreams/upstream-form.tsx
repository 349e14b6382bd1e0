/** The fields that an upstream has, for adding one and for changing one, and a test of what they say. */
import type { UpstreamDraftOnWire } from '../../../../src/upstreams/schema.ts'
import { useAct } from '../../api/use-act.ts'
import { Button, Note, SelectField, sentences, TextField, Trouble } from '../../ui/index.ts'
import { PRESETS, UPSTREAM_KINDS, type UpstreamKind } from './presets.ts'
import { TroubleInWords } from './upstream-state.tsx'
import { testUpstream, type UpstreamTest } from './upstreams-api.ts'
import { useUpstreamWords } from './upstreams-words.ts'

export type UpstreamForm = {
  kind: UpstreamKind
  name: string
  url: string
  network: UpstreamDraftOnWire['network']
  authKind: UpstreamDraftOnWire['auth_kind']
  header: string
  /** '' = none, or the one that is there. */
  secret: string
}

const AUTH_KINDS = ['none', 'bearer', 'x_api_key', 'header'] as const satisfies UpstreamForm['authKind'][]

export const EMPTY_FORM: UpstreamForm = {
  kind: 'openai',
  name: '',
  url: '',
  network: PRESETS.openai.network,
  authKind: PRESETS.openai.authKind,
  header: '',
  secret: '',
}

export function draftOf(form: UpstreamForm, upstreamId: string | null): UpstreamDraftOnWire {
  const secret = form.authKind === 'none' || form.secret === '' ? {} : { secret: form.secret }
  return {
    ...(upstreamId === null ? {} : { upstream_id: upstreamId }),
    kind: form.kind,
    base_url: form.url.trim(),
    network: form.network,
    auth_kind: form.authKind,
    ...(form.authKind === 'header' ? { auth_header: form.header.trim() } : {}),
    ...secret,
  }
}

/** @param hasSecret whether one is kept already */
export function isFilled(form: UpstreamForm, hasSecret: boolean): boolean {
  const hasCredential = form.authKind === 'none' || form.secret !== '' || hasSecret
  return (
    form.name.trim() !== '' &&
    form.url.trim() !== '' &&
    hasCredential &&
    (form.authKind !== 'header' || form.header !== '')
  )
}

export function UpstreamFields({
  form,
  onChange,
  onKind,
  hasSecret,
}: {
  form: UpstreamForm
  onChange: (form: UpstreamForm) => void
  /** Absent: what it is cannot be changed. */
  onKind?: (kind: UpstreamKind) => void
  hasSecret: boolean
}) {
  const t = useUpstreamWords()
  return (
    <>
      {onKind && (
        <SelectField
          label={t('kind')}
          help={t(`kind-help-${form.kind}`)}
          value={form.kind}
          onChange={onKind}
          choices={UPSTREAM_KINDS.map((kind) => ({ value: kind, label: t(`kind-${kind}`) }))}
        />
      )}
      <TextField
        label={t('name')}
        help={t('name-help', { name: form.name.trim() || 'lab' })}
        value={form.name}
        onChange={(name) => onChange({ ...form, name: name.toLowerCase() })}
        required
        maxLength={63}
        autoComplete="off"
        spellCheck={false}
      />
      <TextField
        label={t('url')}
        help={t('url-help')}
        value={form.url}
        onChange={(url) => onChange({ ...form, url })}
        required
        type="url"
        inputMode="url"
        autoComplete="off"
        placeholder={PRESETS[form.kind].url || 'https://api.example.com'}
      />
      <SelectField
        label={t('network')}
        help={t(`network-help-${form.network}`)}
        value={form.network}
        onChange={(network) => onChange({ ...form, network })}
        choices={(['public', 'private'] as const).map((network) => ({
          value: network,
          label: t(`network-${network}`),
        }))}
      />
      <SelectField
        label={t('auth')}
        value={form.authKind}
        onChange={(authKind) => onChange({ ...form, authKind })}
        choices={AUTH_KINDS.map((kind) => ({ value: kind, label: t(`auth-${kind}`) }))}
      />
      {form.authKind === 'header' && (
        <TextField
          label={t('header')}
          value={form.header}
          onChange={(header) => onChange({ ...form, header })}
          required
          maxLength={64}
          autoComplete="off"
          spellCheck={false}
          placeholder="api-key"
        />
      )}
      {form.authKind !== 'none' && (
        <TextField
          label={t('secret')}
          help={t(hasSecret ? 'secret-help-kept' : 'secret-help')}
          value={form.secret}
          onChange={(secret) => onChange({ ...form, secret })}
          required={!hasSecret}
          optional={hasSecret}
          type="password"
          autoComplete="off"
        />
      )}
    </>
  )
}

/** Looks at what the form says, and tells in words what came back. */
export function TestRow({ draft, ready }: { draft: UpstreamDraftOnWire; ready: boolean }) {
  const t = useUpstreamWords()
  const act = useAct<UpstreamTest>([])
  return (
    <div className="field">
      <div className="row">
        <Button busy={act.isPending} disabled={!ready} onClick={() => act.mutate(testUpstream(draft))}>
          {t('test')}
        </Button>
      </div>
      {act.error && <Trouble error={act.error} />}
      {act.data && !act.isPending && <TestResult of={act.data} />}
    </div>
  )
}

export function TestResult({ of: { ok, trouble, took_ms, models } }: { of: UpstreamTest }) {
  const t = useUpstreamWords()
  if (!ok && trouble)
    return (
      <Note tone="bad">
        <TroubleInWords of={trouble} />
      </Note>
    )
  const some = models.slice(0, 3).map(({ id }) => id)
  return (
    <Note tone="good">
      {sentences(
        t('test-good', { ms: took_ms, count: models.length }),
        some.length > 0 && t('test-such-as', { models: some.join(', ') }),
      )}
    </Note>
  )
}
