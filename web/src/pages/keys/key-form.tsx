/** The fields that a key has, for making one and for changing one. */
import type { ReactNode } from 'react'
import { ApiError } from '../../api/client.ts'
import { AreaField, SelectField, TextField, Tick } from '../../ui/index.ts'
import { type Key, LIFETIMES, type Lifetime } from './keys-api.ts'
import { useKeyWords } from './keys-words.ts'
import { useModelNames } from './model-names.ts'

export type KeyForm = {
  name: string
  /** Chosen models; empty = all. */
  models: string[]
  /** As typed. */
  ips: string
  /** null = leave as it is. */
  lifetime: Lifetime | null
  /** null = fixed when the key was made. */
  scopes: Key['scopes'] | null
}

export const SCOPES = ['inference', 'models.read'] as const satisfies Key['scopes']

/** The field that a refusal is about, where it is about one. */
export function problemAt(error: unknown): { param: string; message: string; code: string } | null {
  if (!(error instanceof ApiError)) return null
  const param = error.code === 'identity.ip_range_invalid' ? 'ips' : error.param?.split('.')[0]
  return param ? { param, message: error.message, code: error.code } : null
}

export const EMPTY_FORM: KeyForm = { name: '', models: [], ips: '', lifetime: 'never', scopes: [...SCOPES] }

export function KeyFields({
  form,
  onChange,
  problem,
  children,
}: {
  form: KeyForm
  onChange: (form: KeyForm) => void
  problem: ReturnType<typeof problemAt>
  /** What stands after the name. */
  children?: ReactNode
}) {
  const t = useKeyWords()
  const names = [...new Set([...useModelNames(), ...form.models])]
  const at = (param: string) => (problem?.param === param ? problem.message : null)
  return (
    <>
      <TextField
        label={t('name')}
        help={t('name-help')}
        error={at('name')}
        value={form.name}
        onChange={(name) => onChange({ ...form, name })}
        autoFocus
        required
        maxLength={100}
        autoComplete="off"
      />
      {children}
      <fieldset className="field plain-set">
        <legend className="label">{t('may-use')}</legend>
        <div className="row oneof">
          <Tick on={form.models.length === 0} onChange={() => onChange({ ...form, models: [] })}>
            {t('all-models')}
          </Tick>
          {names.map((name) => (
            <Tick
              key={name}
              on={form.models.includes(name)}
              onChange={(on) =>
                onChange({ ...form, models: on ? [...form.models, name] : form.models.filter((one) => one !== name) })
              }
            >
              {name}
            </Tick>
          ))}
        </div>
      </fieldset>
      {form.scopes && (
        <fieldset className="field plain-set">
          <legend className="label">{t('scopes')}</legend>
          <div className="row oneof">
            {SCOPES.map((scope) => (
              <Tick
                key={scope}
                on={form.scopes?.includes(scope) ?? false}
                onChange={(on) =>
                  onChange({
                    ...form,
                    scopes: SCOPES.filter((one) => (one === scope ? on : form.scopes?.includes(one))),
                  })
                }
              >
                {t(`scope-${scope}`)}
              </Tick>
            ))}
          </div>
        </fieldset>
      )}
      <SelectField
        label={t('expires')}
        value={form.lifetime ?? 'keep'}
        onChange={(value) => onChange({ ...form, lifetime: value === 'keep' ? null : (value as Lifetime) })}
        error={at('expires_at')}
        choices={[
          ...(form.lifetime === null ? [{ value: 'keep', label: t('expires-keep') }] : []),
          ...LIFETIMES.map((days) => ({
            value: days,
            label: days === 'never' ? t('expires-never') : t('expires-days', { count: Number(days) }),
          })),
        ]}
      />
      <AreaField
        label={t('ips')}
        optional
        help={t('ips-help')}
        error={at('ips')}
        value={form.ips}
        onChange={(ips) => onChange({ ...form, ips })}
        rows={2}
        mono
        spellCheck={false}
        placeholder={'203.0.113.7\n10.0.0.0/8'}
      />
    </>
  )
}
