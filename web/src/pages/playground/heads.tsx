/** Above the columns: which model each is, in which state, its code, and away with it. */
import { usePlace } from '../../app/session.ts'
import { Button, Icon, precisionName, Segments, Tip } from '../../ui/index.ts'
import { ColumnName } from './column-name.tsx'
import { columnFor, modelOf, titleOf } from './columns.ts'
import { PickModel, stateWord } from './pick-model.tsx'
import { useModelsHere } from './playground-api.ts'
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
  const { models: here, isPending, error } = useModelsHere(task)
  const missing = isPending ? 'asking' : error ? 'untold' : 'not-here'
  return (
    <div className="heads">
      {models.map((id) => {
        const model = here.find((one) => one.id === modelOf(id))
        const name = titleOf(id, models, here)
        const shown = <ColumnName column={id} columns={models} models={here} />
        return (
          <div key={id}>
            <div className="head-says">
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
                      {shown}
                      <Icon name="down" />
                    </button>
                  }
                />
              ) : (
                shown
              )}
              <span className="faint small cut">
                {[model?.precision && precisionName(model.precision, ''), stateWord(t, model ?? missing)]
                  .filter(Boolean)
                  .join(', ')}
              </span>
            </div>
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
  const name = (id: string) => titleOf(id, models, here)
  const shown = (id: string) => <ColumnName column={id} columns={models} models={here} />
  return (
    <div className="picktalk">
      {models.length > 1 ? (
        <>
          <Segments
            label={t('model-in-sight')}
            value={now}
            onChange={onNow}
            choices={models.map((id) => ({ value: id, label: shown(id) }))}
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
        shown(now)
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
              {shown(now)}
              <Icon name="down" />
            </button>
          }
        />
      )}
    </div>
  )
}
