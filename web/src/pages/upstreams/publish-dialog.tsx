/** Which models of an upstream clients can name, and what by. */
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import { FormDialog, OneOf, Select, TextField, Tick } from '../../ui/index.ts'
import { changeUpstream, type Upstream } from './upstreams-api.ts'
import { useUpstreamWords } from './upstreams-words.ts'

type Model = Upstream['models'][number]
type Chosen = { remote: string; isOn: boolean; name: string; task: Model['task']; context: string }

export function PublishDialog({ of: one, onClose }: { of: Upstream; onClose: () => void }) {
  const t = useUpstreamWords()
  const [isAll, setIsAll] = useState(one.publishes_all)
  const [models, setModels] = useState<Chosen[]>(() => one.models.map((model) => chosenOf(model, one)))
  const [added, setAdded] = useState('')
  const wanted = [
    ...models.filter(({ isOn }) => isOn),
    ...(added.trim() === '' ? [] : [unlisted(added.trim(), one.name)]),
  ]
  const call = changeUpstream(one.id, { published: isAll ? null : wanted.map(onWire) })
  const act = useAct<Upstream>(['upstreams', 'models'], onClose)
  const set = (remote: string, change: Partial<Chosen>) =>
    setModels(models.map((model) => (model.remote === remote ? { ...model, ...change } : model)))
  return (
    <FormDialog
      title={t('choose-title', { name: one.name })}
      says={t('choose-says')}
      call={call}
      label={t('save')}
      ready={isAll || wanted.every(({ name }) => name.trim() !== '')}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <OneOf
        name={t('models-head')}
        value={isAll ? 'all' : 'some'}
        onChange={(value) => setIsAll(value === 'all')}
        choices={[
          { value: 'all', label: t('all-of-them') },
          { value: 'some', label: t('some-of-them') },
        ]}
      />
      {!isAll && (
        <>
          {models.map((model) => (
            <fieldset key={model.remote} className="field plain-set">
              <Tick on={model.isOn} onChange={(isOn) => set(model.remote, { isOn })}>
                <span className="mono">{model.remote}</span>
              </Tick>
              {model.isOn && (
                <>
                  <TextField
                    label={t('client-name')}
                    value={model.name}
                    onChange={(name) => set(model.remote, { name })}
                    autoComplete="off"
                    spellCheck={false}
                  />
                  <div className="row">
                    <Select
                      small
                      label={t('task')}
                      value={model.task}
                      onChange={(task) => set(model.remote, { task })}
                      choices={(['chat', 'embedding'] as const).map((task) => ({
                        value: task,
                        label: t(`task-${task}`),
                      }))}
                    />
                    <TextField
                      label={t('context-tokens')}
                      optional
                      inputMode="numeric"
                      value={model.context}
                      onChange={(context) => set(model.remote, { context: context.replaceAll(/\D/g, '') })}
                    />
                  </div>
                </>
              )}
            </fieldset>
          ))}
          <TextField
            label={t('another')}
            help={t('another-help')}
            optional
            value={added}
            onChange={setAdded}
            autoComplete="off"
            spellCheck={false}
          />
        </>
      )}
    </FormDialog>
  )
}

function chosenOf(model: Model, one: Upstream): Chosen {
  return {
    remote: model.remote,
    isOn: model.name !== null,
    name: model.name ?? `${one.name}/${model.remote}`,
    task: model.task,
    // What the upstream says holds until somebody says otherwise.
    context:
      one.publishes_all || model.name === null || model.context_tokens === null ? '' : String(model.context_tokens),
  }
}

function unlisted(remote: string, upstream: string): Chosen {
  return { remote, isOn: true, name: `${upstream}/${remote}`, task: 'chat', context: '' }
}

function onWire({ remote, name, task, context }: Chosen) {
  return { remote, name: name.trim(), task, context_tokens: context === '' ? null : Number(context) }
}
