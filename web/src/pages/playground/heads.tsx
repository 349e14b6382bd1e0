/** Above the columns: which model each is, in which state, its code, and away with it. */
import { usePlace } from '../../app/session.ts'
import { Button, Icon, precisionName, Segments, Tip } from '../../ui/index.ts'
import { columnFor, modelOf, ordinalOf } from './columns.ts'
import { PickModel, stateWord } from './pick-model.tsx'
import { type Model, useModelsHere } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'

export type HeadsProps = {
  models: readonly string[]
  task: 'chat' | 'embedding' | null
  onModels: (models: string[]) => void
  onCode: (model: string) => void
}

export function Heads({ models, task, onModels, onCode }: HeadsProps) {
  const t = usePlaygroundWords()
  const mayAsk = usePlace().may('inference')
  const { models: here } = useModelsHere(task)
  return (
    <div className="heads">
      {models.map((id) => {
        const model = here.find((one) => one.id === modelOf(id))
        const name = `${nameOf(model, id)}${ordinalOf(id, models)}`
        return (
          <div key={id}>
            {mayAsk ? (
              <PickModel
                models={here}
                without={modelOf(id)}
                onPick={(next) => onModels(models.map((one) => (one === id ? columnFor(next, models) : one)))}
                trigger={
                  <button
                    type="button"
                    className="btn quiet small head-model"
                    aria-label={t('change-model', { model: name })}
                  >
                    <b className="cut">{name}</b>
                    <Icon name="down" />
                  </button>
                }
              />
            ) : (
              <b className="cut">{name}</b>
            )}
            <span className="faint small cut">
              {[model?.precision && precisionName(model.precision, ''), stateWord(t, model)].filter(Boolean).join(', ')}
            </span>
            <span className="push row head-acts">
              <Tip text={t('show-code')}>
                <Button
                  look="quiet"
                  small
                  icon="code"
                  aria-label={`${t('show-code')}: ${name}`}
                  onClick={() => onCode(id)}
                />
              </Tip>
              {mayAsk && models.length > 1 && (
                <Tip text={t('remove-model')}>
                  <Button
                    look="quiet"
                    small
                    icon="x"
                    aria-label={`${t('remove-model')}: ${name}`}
                    onClick={() => onModels(models.filter((one) => one !== id))}
                  />
                </Tip>
              )}
            </span>
          </div>
        )
      })}
    </div>
  )
}

/** On phones: which of the models is in sight. */
export function PhoneHeads({
  models,
  task,
  now,
  onNow,
  onModels,
}: HeadsProps & { now: string; onNow: (model: string) => void }) {
  const t = usePlaygroundWords()
  const mayAsk = usePlace().may('inference')
  const { models: here } = useModelsHere(task)
  const name = (id: string) =>
    `${nameOf(
      here.find((one) => one.id === modelOf(id)),
      id,
    )}${ordinalOf(id, models)}`
  return (
    <div className="picktalk">
      {models.length > 1 ? (
        <>
          <Segments
            label={t('model-in-sight')}
            value={now}
            onChange={onNow}
            choices={models.map((id) => ({ value: id, label: name(id) }))}
          />
          {mayAsk && (
            <Button
              look="quiet"
              small
              icon="x"
              aria-label={`${t('remove-model')}: ${name(now)}`}
              onClick={() => onModels(models.filter((one) => one !== now))}
            />
          )}
        </>
      ) : !mayAsk ? (
        <b className="cut">{name(now)}</b>
      ) : (
        <PickModel
          models={here}
          without={modelOf(now)}
          onPick={(next) => onModels([next])}
          trigger={
            <button
              type="button"
              className="btn small phone-model"
              aria-label={t('change-model', { model: name(now) })}
            >
              <span className="cut">{name(now)}</span>
              <Icon name="down" />
            </button>
          }
        />
      )}
    </div>
  )
}

const nameOf = (model: Model | undefined, id: string): string => model?.name ?? modelOf(id)
