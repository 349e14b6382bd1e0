import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import { useCrumb } from '../../app/crumb.ts'
import {
  Ago,
  Button,
  ConfirmDialog,
  Fact,
  Facts,
  FormDialog,
  gapAfter,
  Id,
  Loaded,
  Panel,
  SelectField,
  ShowCall,
  State,
  Trouble,
  toast,
} from '../../ui/index.ts'
import { KeyLimitsDialog } from '../limits/limits-dialog.tsx'
import { LimitsInWords } from '../limits/limits-fields.tsx'
import { useLimitsWords } from '../limits/limits-words.ts'
import { SecretDialog } from './create-key.tsx'
import { KeyFields, type KeyForm, problemAt } from './key-form.tsx'
import { KeyState } from './key-state.tsx'
import { changeKey, expiryIn, ipsIn, type Key, keyQuery, type NewKey, revokeKey, rotateKey } from './keys-api.ts'
import { useKeyWords } from './keys-words.ts'

/** One key beside the list: what it may do, who has it, and what can be done to it. */
export function KeyPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useKeyWords()
  const limitsWords = useLimitsWords()
  const query = useQuery(keyQuery(id))
  const [doing, setDoing] = useState<'change' | 'limits' | 'rotate' | 'revoke' | null>(null)
  const key = query.data
  useCrumb(key?.name ?? null)
  const can = (action: Key['allowed'][number]) => key?.allowed.includes(action) ?? false
  return (
    <Panel title={key?.name ?? t('key')} says={key?.project_name} onClose={onClose}>
      <Loaded query={query}>
        {(one) => (
          <>
            <div className="row panel-acts">
              {can('keys.update') && (
                <Button small onClick={() => setDoing('change')}>
                  {t('change')}
                </Button>
              )}
              {can('keys.update') && (
                <Button small onClick={() => setDoing('limits')}>
                  {limitsWords('change')}
                </Button>
              )}
              {can('keys.rotate') && (
                <Button small icon="redo" onClick={() => setDoing('rotate')}>
                  {t('rotate')}
                </Button>
              )}
              {can('keys.revoke') && (
                <Button small look="danger" onClick={() => setDoing('revoke')}>
                  {t('revoke')}
                </Button>
              )}
            </div>
            <KeyFacts of={one} />
            <p className="row t13 panel-more">
              <Link to="/usage" search={{ key: one.id } as never}>
                {t('see-usage')}
              </Link>
              <Link to="/requests" search={{ key: one.id } as never}>
                {t('see-requests')}
              </Link>
            </p>
            {one.old_secrets.length > 0 && <OldSecrets of={one} />}
            {doing === 'change' && <ChangeDialog of={one} onClose={() => setDoing(null)} />}
            {doing === 'limits' && <KeyLimitsDialog of={one} onClose={() => setDoing(null)} />}
            {doing === 'rotate' && <RotateDialog of={one} onClose={() => setDoing(null)} />}
            {doing === 'revoke' && <RevokeDialog of={one} onClose={() => setDoing(null)} />}
          </>
        )}
      </Loaded>
    </Panel>
  )
}

function KeyFacts({ of: key }: { of: Key }) {
  const t = useKeyWords()
  const limitsWords = useLimitsWords()
  return (
    <Facts lined>
      <Fact name={t('state')}>
        <KeyState of={key} />
      </Fact>
      <Fact name={t('key')}>
        <span className="mono">
          {key.prefix}…{key.last4}
        </span>
      </Fact>
      <Fact name={t('id')}>
        <Id text={key.id} />
      </Fact>
      <Fact name={t('may-use')}>{key.models === null ? t('all-models') : key.models.join(', ')}</Fact>
      <Fact name={t('scopes')}>{key.scopes.map((scope) => t(`scope-${scope}`)).join(', ')}</Fact>
      <Fact name={t('from')}>
        {key.ips === null ? t('anywhere') : <span className="mono">{key.ips.join(', ')}</span>}
      </Fact>
      <Fact name={limitsWords('limits')}>
        <LimitsInWords of={key.limits} />
      </Fact>
      <Fact name={t('owner')}>{key.owner.name ?? t(`owner-${key.owner.kind}`)}</Fact>
      <Fact name={t('made')}>
        <Ago at={key.created_at} />
        {key.created_by_name && key.created_by !== key.owner.id && ` ${t('by', { name: key.created_by_name })}`}
      </Fact>
      {key.revoked_at ? (
        <Fact name={t('revoked-at')}>
          <Ago at={key.revoked_at} />
        </Fact>
      ) : (
        <Fact name={t('expires')}>{key.expires_at ? <Ago at={key.expires_at} /> : t('expires-never')}</Fact>
      )}
      <Fact name={t('last-used')}>{key.last_used_at ? <Ago at={key.last_used_at} /> : t('never-used')}</Fact>
    </Facts>
  )
}

function OldSecrets({ of: key }: { of: Key }) {
  const t = useKeyWords()
  return (
    <section className="section">
      <header>
        <h2>{t('old-secrets')}</h2>
      </header>
      <Facts lined>
        {key.old_secrets.map((old) => (
          <Fact key={old.replaced_at} name={<span className="mono">…{old.last4}</span>}>
            {old.works ? <State tone="live">{t('old-works')}</State> : <State tone="off">{t('old-ended')}</State>}{' '}
            <span className="soft">
              {/* One that ended with its key would have ended later by itself. */}
              {(old.works || Date.parse(old.ends_at) < Date.now()) && (
                <>
                  <Ago at={old.ends_at} />
                  {t('full-stop')}
                </>
              )}
              {old.last_used_at ? (
                <>
                  {t('last-used')} <Ago at={old.last_used_at} />
                </>
              ) : (
                t('old-unused')
              )}
            </span>
          </Fact>
        ))}
      </Facts>
    </section>
  )
}

function ChangeDialog({ of: key, onClose }: { of: Key; onClose: () => void }) {
  const t = useKeyWords()
  const [form, setForm] = useState<KeyForm>({
    name: key.name,
    models: key.models ?? [],
    ips: (key.ips ?? []).join('\n'),
    lifetime: null,
    scopes: null,
  })
  const call = changeKey(key.id, {
    name: form.name.trim(),
    models: form.models.length > 0 ? form.models : null,
    ips: ipsIn(form.ips),
    ...(form.lifetime === null ? {} : { expires_at: expiryIn(form.lifetime) }),
  })
  const act = useAct<Key>(['keys'], () => {
    toast({ title: t('changed', { name: form.name.trim() }), says: t('changed-says') })
    onClose()
  })
  const problem = problemAt(act.error)
  return (
    <FormDialog
      title={t('change-title', { name: key.name })}
      call={call}
      label={t('save')}
      ready={form.name.trim() !== ''}
      busy={act.isPending}
      error={problem ? null : act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <KeyFields form={form} onChange={setForm} problem={problem} />
    </FormDialog>
  )
}

const OVERLAPS_S = ['0', '3600', '86400', '604800'] as const

function RotateDialog({ of: key, onClose }: { of: Key; onClose: () => void }) {
  const t = useKeyWords()
  const [overlap, setOverlap] = useState<(typeof OVERLAPS_S)[number]>('86400')
  const call = rotateKey(key.id, Number(overlap))
  const act = useAct<NewKey>(['keys'])
  if (act.data) return <SecretDialog made={act.data} rotated onClose={onClose} />
  return (
    <FormDialog
      title={t('rotate-title', { name: key.name })}
      says={t('rotate-says')}
      call={call}
      label={t('rotate')}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <SelectField
        label={t('overlap')}
        help={t('overlap-help')}
        value={overlap}
        onChange={setOverlap}
        choices={OVERLAPS_S.map((s) => ({ value: s, label: t(`overlap-${s}`) }))}
      />
    </FormDialog>
  )
}

function RevokeDialog({ of: key, onClose }: { of: Key; onClose: () => void }) {
  const t = useKeyWords()
  const call = revokeKey(key.id)
  const act = useAct<Key>(['keys'], () => {
    toast({ title: t('revoked', { name: key.name }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('revoke-title', { name: key.name })}
      label={t('revoke')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('revoke-says')}
      {gapAfter(t('revoke-says'))}
      {key.last_used_at ? (
        <>
          {t('last-used')} <Ago at={key.last_used_at} />
          {t('full-stop')}
        </>
      ) : (
        t('revoke-unused')
      )}
    </ConfirmDialog>
  )
}
