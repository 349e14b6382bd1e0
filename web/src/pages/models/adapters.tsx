import { useState } from 'react'
import { usePlace } from '../../app/session.ts'
import {
  Ago,
  type Column,
  ConfirmDialog,
  FormDialog,
  Id,
  RowMenu,
  Section,
  ShowCall,
  Table,
  TextField,
  Trouble,
  toast,
  useFormat,
} from '../../ui/index.ts'
import { useImportFolder } from './import-folder.ts'
import type { SetModelSearch } from './model-page.tsx'
import { addAdapter, type ModelDetail, removeAdapter } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { idFor } from './repository-name.ts'
import type { ModelSearch } from './search.ts'
import { useCall } from './use-call.ts'

type Adapter = ModelDetail['adapters'][number]
const ADAPTER_NAME = /^[a-z0-9][a-z0-9._:-]{0,95}$/

/** LoRA adapters that are served beside the base model, each under a name of its own. */
export function Adapters({
  of: { model, adapters },
  search,
  set,
}: {
  of: ModelDetail
  search: ModelSearch
  set: SetModelSearch
}) {
  const t = useModelsWords()
  const format = useFormat()
  const { may } = usePlace()
  const [removing, setRemoving] = useState<string | null>(null)
  const columns: Column<Adapter>[] = [
    { id: 'name', head: t('name'), cell: (one) => <span className="name">{one.name}</span> },
    {
      id: 'hash',
      head: t('artefact'),
      cell: (one) => <Id text={`sha256:${one.sha256}`} short={one.sha256.slice(0, 12)} />,
    },
    { id: 'scale', head: t('scale'), right: true, cell: (one) => format.figure(one.scale, 2) },
    { id: 'added', head: t('added'), soft: true, phone: true, cell: (one) => <Ago at={one.created_at} /> },
    {
      id: 'act',
      head: null,
      act: true,
      cell: (one) =>
        may('models.unload') && (
          <RowMenu
            label={t('more-of', { name: one.name })}
            entries={[{ label: t('remove'), icon: 'bin', danger: true, onSelect: () => setRemoving(one.name) }]}
          />
        ),
    },
  ]
  return (
    <>
      {adapters.length > 0 && (
        <Section title={t('adapters')} count={adapters.length} id="adapters">
          <Table label={t('adapters')} columns={columns} rows={adapters} idOf={(one) => one.name} />
        </Section>
      )}
      {search.act === 'adapter' && may('models.load') && model.weights && (
        <AddAdapter model={model.id} onClose={() => set({ act: undefined })} />
      )}
      {removing && <RemoveAdapter name={removing} onClose={() => setRemoving(null)} />}
    </>
  )
}

function AddAdapter({ model, onClose }: { model: string; onClose: () => void }) {
  const t = useModelsWords()
  const folder = useImportFolder()
  const [path, setPath] = useState('')
  const [named, setNamed] = useState<string | null>(null)
  const [scale, setScale] = useState('1')
  const name = named ?? idFor(path)
  const factor = Number(scale)
  const call = addAdapter(model, { name, path: path.trim(), ...(factor === 1 ? {} : { scale: factor }) })
  const add = useCall(() => {
    toast({ title: t('adapter-added', { name }) })
    onClose()
  })
  const scaleWrong = !(factor > 0 && factor <= 10)
  return (
    <FormDialog
      title={t('add-adapter')}
      says={t('adapter-says')}
      call={call}
      label={t('serve-adapter')}
      ready={path.trim() !== '' && ADAPTER_NAME.test(name) && !scaleWrong}
      busy={add.isPending}
      error={add.error}
      onSend={() => add.mutate(call)}
      onClose={onClose}
    >
      <TextField
        label={t('path')}
        help={t('path-help', { folder })}
        value={path}
        onChange={setPath}
        autoComplete="off"
        spellCheck={false}
        placeholder={`${folder}/support-tone.gguf`}
      />
      <TextField
        label={t('name')}
        help={t('adapter-name-help')}
        error={name !== '' && !ADAPTER_NAME.test(name) ? t('id-wrong') : null}
        value={name}
        onChange={setNamed}
        autoComplete="off"
        spellCheck={false}
      />
      <TextField
        label={t('scale')}
        help={t('scale-help')}
        error={scaleWrong ? t('scale-wrong') : null}
        value={scale}
        onChange={setScale}
        inputMode="decimal"
      />
    </FormDialog>
  )
}

function RemoveAdapter({ name, onClose }: { name: string; onClose: () => void }) {
  const t = useModelsWords()
  const call = removeAdapter(name)
  const remove = useCall(() => {
    toast({ title: t('adapter-removed', { name }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('remove-title', { name })}
      label={t('remove')}
      busy={remove.isPending}
      onConfirm={() => remove.mutate(call)}
      error={remove.error && <Trouble error={remove.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('remove-says', { name })}
    </ConfirmDialog>
  )
}
