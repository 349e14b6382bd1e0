import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import {
  Dialog,
  FormDialog,
  Loaded,
  Note,
  precisionName,
  Tick,
  toast,
  useFitReason,
  useFormat,
} from '../../ui/index.ts'
import { FitChoices } from './fit-choices.tsx'
import { type ModelDetail, modelQuery, type Pull, pullModel } from './models-api.ts'
import { useGap, useModelsWords } from './models-words.ts'
import { PullTrouble } from './pull-trouble.tsx'
import { useCall } from './use-call.ts'

/** Fetches the weights of a model of the catalogue: in which precision, how much, under which licence. */
export function PullDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useModelsWords()
  const query = useQuery(modelQuery(id))
  if (query.data) return <PullForm of={query.data} onClose={onClose} />
  return (
    <Dialog open onClose={onClose} title={t('pull-of', { name: id })}>
      <Loaded query={query} rows={3}>
        {() => null}
      </Loaded>
    </Dialog>
  )
}

function PullForm({ of: detail, onClose }: { of: ModelDetail; onClose: () => void }) {
  const t = useModelsWords()
  const gap = useGap()
  const format = useFormat()
  const reasonOf = useFitReason()
  const { model } = detail
  const offered = detail.precisions.filter((one) => one.source !== null)
  const [chosen, setChosen] = useState((offered.find((one) => one.recommended) ?? offered[0])?.precision ?? null)
  const choice = offered.find((one) => one.precision === chosen)
  const mustAccept = model.licence.must_accept && detail.licence_accepted === null
  const [accepted, setAccepted] = useState(false)
  const [anyway, setAnyway] = useState(false)
  const tooLarge = choice?.fit.verdict === 'does-not-fit'
  const call = pullModel(model.id, {
    ...(chosen ? { precision: chosen } : {}),
    ...(mustAccept ? { accept_licence: accepted } : {}),
    ...(tooLarge ? { even_if_it_does_not_fit: anyway } : {}),
  })
  const pull = useCall<Pull>((begun) => {
    toast({ title: t('pull-begun', { name: begun.model_name }), says: t('stays') })
    onClose()
  })
  const missing = (mustAccept && !accepted) || (tooLarge && !anyway) || !choice
  const inCatalog = pull.error instanceof ApiError && pull.error.code.startsWith('catalog.') ? pull.error : null
  return (
    <FormDialog
      title={t('pull-of', { name: model.name })}
      says={t('pull-says')}
      call={call}
      label={choice ? t('pull-amount', { amount: format.amount(choice.weights_bytes) }) : t('pull')}
      ready={!missing}
      busy={pull.isPending}
      error={inCatalog ? null : pull.error}
      onSend={() => pull.mutate(call)}
      onClose={onClose}
    >
      {offered.length === 0 && (
        <Note>
          <b className="medium">{t('no-source')}</b> <span lang="en">{detail.no_source}</span>
        </Note>
      )}
      {offered.length > 0 && (
        <FitChoices
          label={t('weights-as')}
          value={chosen}
          onChange={(value) => setChosen(value as typeof chosen)}
          choices={offered.map((one) => ({
            value: one.precision,
            name: precisionName(one.precision, t('other-precision')),
            note: one.here ? t('is-here') : one.recommended ? t('recommended') : undefined,
            bytes: one.weights_bytes,
            fit: one.fit,
          }))}
        />
      )}
      {choice?.source && (
        <p className="t13 soft">
          {reasonOf(choice.fit)}
          {gap}
          {t(choice.source.publisher === 'maker' ? 'from-maker' : 'from-community')}
          {gap}
          {choice.source.url ? (
            <a href={choice.source.url} target="_blank" rel="noreferrer" className="breaks">
              {choice.source.name}
            </a>
          ) : (
            <span className="breaks">{choice.source.name}</span>
          )}
        </p>
      )}
      {tooLarge && (
        <Tick on={anyway} onChange={setAnyway}>
          {t('pull-anyway')}
        </Tick>
      )}
      {mustAccept ? (
        <div className="accept">
          <Tick on={accepted} onChange={setAccepted}>
            {t('accept', { licence: model.licence.name })}
          </Tick>
          <a href={model.licence.url} target="_blank" rel="noreferrer" className="t13">
            {t('read-licence')}
          </a>
        </div>
      ) : (
        <p className="t13 soft">
          {t('licence')}:{' '}
          <a href={model.licence.url} target="_blank" rel="noreferrer">
            {model.licence.name}
          </a>
        </p>
      )}
      {inCatalog && <PullTrouble error={inCatalog} />}
    </FormDialog>
  )
}
