/** Makes a route, or changes one: its models in the order in which they are asked, and how patiently. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import { Button, FormDialog, Select, SelectField, TextField, Tick, toast, useFormat } from '../../ui/index.ts'
import {
  emptyRoute,
  msIn,
  NAME,
  partOf,
  type RouteTyped,
  shareIn,
  type TierTyped,
  targetOf,
  tierOf,
  typedRoute,
  wantedOf,
  wholeIn,
} from './route-form.ts'
import { type Route, routeModelsQuery, setRoute } from './routes-api.ts'
import { useRouteWords } from './routes-words.ts'

/** Not a word: what one could type. */
const NAME_EXAMPLE = 'chat'

/** @param route null = a new one */
export function RouteDialog({ of: route, onClose }: { of: Route | null; onClose: () => void }) {
  const t = useRouteWords()
  const served = useQuery(routeModelsQuery).data?.data.map(({ name }) => name) ?? []
  const [form, setForm] = useState<RouteTyped>(() => (route === null ? emptyRoute(served[0] ?? '') : typedRoute(route)))
  const wanted = wantedOf(form)
  const name = form.name.trim()
  const call = setRoute(name || NAME_EXAMPLE, wanted ?? { tiers: [] })
  const act = useAct<Route>(['routes', 'models'], () => {
    toast({ title: t('saved', { name }), says: t('saved-says') })
    onClose()
  })
  // A model that is gone may still be named, and stays to be chosen.
  const named = form.tiers.flatMap(({ targets }) => targets.map(({ model }) => model))
  const names = [...new Set([...served, ...named, form.shadow])].filter((one) => one !== '')
  const set = (change: Partial<RouteTyped>) => setForm({ ...form, ...change })
  const setTier = (tier: TierTyped) =>
    set({
      tiers: form.tiers.map((one) => (one.id === tier.id ? tier : one)).filter(({ targets }) => targets.length > 0),
    })
  const spare = names.find((one) => !named.includes(one)) ?? ''
  return (
    <FormDialog
      title={route === null ? t('add-title') : t('change-title', { name: route.name })}
      says={t('add-says')}
      call={call}
      label={t('save')}
      ready={wanted !== null && NAME.test(name)}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      {route === null && (
        <TextField
          label={t('name')}
          help={t('name-help')}
          error={name !== '' && !NAME.test(name) ? t('name-wrong') : null}
          value={form.name}
          onChange={(next) => set({ name: next })}
          required
          maxLength={200}
          autoComplete="off"
          spellCheck={false}
          placeholder={NAME_EXAMPLE}
        />
      )}
      {form.tiers.map((tier, at) => (
        <Tier
          key={tier.id}
          of={tier}
          at={at}
          names={names}
          spare={spare}
          isOnly={form.tiers.length === 1 && tier.targets.length === 1}
          onChange={setTier}
        />
      ))}
      <div className="row">
        <Button small icon="plus" onClick={() => set({ tiers: [...form.tiers, tierOf(targetOf(spare))] })}>
          {t('add-tier')}
        </Button>
      </div>
      <Patience form={form} onChange={set} />
      <SelectField
        label={t('shadow')}
        help={t('shadow-help')}
        optional
        value={form.shadow}
        onChange={(shadow) => set({ shadow })}
        choices={[{ value: '', label: t('shadow-none') }, ...names.map((one) => ({ value: one, label: one }))]}
      />
      {form.shadow !== '' && (
        <TextField
          label={t('share')}
          error={shareIn(form.share) === null ? t('share-wrong') : null}
          unit="%"
          value={form.share}
          onChange={(share) => set({ share })}
          inputMode="decimal"
          autoComplete="off"
        />
      )}
      <Tick on={form.enabled} onChange={(enabled) => set({ enabled })}>
        {t('enabled')}
      </Tick>
    </FormDialog>
  )
}

/** Models that share what comes to them, by weight. */
function Tier({
  of: tier,
  at,
  names,
  spare,
  isOnly,
  onChange,
}: {
  of: TierTyped
  at: number
  names: readonly string[]
  spare: string
  isOnly: boolean
  onChange: (tier: TierTyped) => void
}) {
  const t = useRouteWords()
  const format = useFormat()
  const set = (id: number, change: { model?: string; weight?: string }) =>
    onChange({ ...tier, targets: tier.targets.map((one) => (one.id === id ? { ...one, ...change } : one)) })
  return (
    <fieldset className="field plain-set route-tier">
      <legend className="label">{t(at === 0 ? 'tier-first' : 'tier-then', { at: at + 1 })}</legend>
      {tier.targets.map(({ id, model, weight }) => {
        const part = partOf(weight, tier.targets)
        return (
          <div key={id} className="route-target">
            <Select
              small
              label={t('model')}
              value={model}
              onChange={(next) => set(id, { model: next })}
              choices={names.map((one) => ({ value: one, label: one }))}
            />
            <span className={`input small ${wholeIn(weight, 1_000) === null ? 'bad' : ''}`}>
              <input
                aria-label={t('weight-of', { model })}
                aria-invalid={wholeIn(weight, 1_000) === null}
                value={weight}
                inputMode="numeric"
                autoComplete="off"
                onChange={(event) => set(id, { weight: event.target.value })}
              />
            </span>
            <span className="small soft route-part">{part === null ? '–' : format.percent(part)}</span>
            <Button
              small
              look="quiet"
              icon="x"
              aria-label={t('take-out', { model })}
              disabled={isOnly}
              onClick={() => onChange({ ...tier, targets: tier.targets.filter((one) => one.id !== id) })}
            />
          </div>
        )
      })}
      <div className="row">
        <Button
          small
          look="quiet"
          icon="plus"
          onClick={() => onChange({ ...tier, targets: [...tier.targets, targetOf(spare)] })}
        >
          {t('add-target')}
        </Button>
      </div>
      {at === 0 && <span className="help">{t('tier-help')}</span>}
    </fieldset>
  )
}

function Patience({ form, onChange }: { form: RouteTyped; onChange: (change: Partial<RouteTyped>) => void }) {
  const t = useRouteWords()
  const wrong = (text: string) => (msIn(text) === undefined ? t('seconds-wrong') : null)
  return (
    <>
      <TextField
        label={t('retries')}
        help={t('retries-help')}
        error={wholeIn(form.retries, 10) === null ? t('retries-wrong') : null}
        value={form.retries}
        onChange={(retries) => onChange({ retries })}
        inputMode="numeric"
        autoComplete="off"
      />
      <TextField
        label={t('first-token')}
        help={t('first-token-help')}
        error={wrong(form.firstToken)}
        optional
        unit="s"
        value={form.firstToken}
        onChange={(firstToken) => onChange({ firstToken })}
        inputMode="decimal"
        autoComplete="off"
      />
      <TextField
        label={t('silence')}
        help={t('silence-help')}
        error={wrong(form.silence)}
        optional
        unit="s"
        value={form.silence}
        onChange={(silence) => onChange({ silence })}
        inputMode="decimal"
        autoComplete="off"
      />
    </>
  )
}
