import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { TextField, Trouble, toast } from '../../ui/index.ts'
import type { AddFrame } from './add-model.tsx'
import { useImportFolder } from './import-folder.ts'
import { importFile, type Pull } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { PullTrouble } from './pull-trouble.tsx'
import { idFor, isId } from './repository-name.ts'
import { useCall } from './use-call.ts'

/** Takes a GGUF file that lies on the machine that runs the product. */
export function AddFromFile({ frame, onClose }: { frame: AddFrame; onClose: () => void }) {
  const t = useModelsWords()
  const folder = useImportFolder()
  const [path, setPath] = useState('')
  const [named, setNamed] = useState<string | null>(null)
  const id = named ?? idFor(path)
  const call = importFile(id, path.trim())
  const take = useCall<Pull>((begun) => {
    toast({ title: t('import-begun', { name: begun.model_name }), says: t('stays') })
    onClose()
  })
  const ready = path.trim() !== '' && isId(id)
  const error = take.error instanceof ApiError ? take.error : null
  const atId = error?.code === 'catalog.model_id_taken' || error?.code === 'catalog.model_id_malformed'
  return frame(
    <>
      <TextField
        label={t('path')}
        help={t('path-help', { folder })}
        value={path}
        onChange={setPath}
        placeholder={`${folder}/my-model-q4_k_m.gguf`}
        autoComplete="off"
        spellCheck={false}
        error={error?.code === 'catalog.file_not_offered' ? error.message : null}
      />
      <TextField
        label={t('id')}
        help={t('id-help')}
        value={id}
        onChange={setNamed}
        autoComplete="off"
        spellCheck={false}
        error={atId ? error.message : id !== '' && !isId(id) ? t('id-wrong') : null}
      />
      {take.error &&
        !atId &&
        error?.code !== 'catalog.file_not_offered' &&
        (error?.code.startsWith('catalog.') ? <PullTrouble error={error} /> : <Trouble error={take.error} />)}
    </>,
    { call: ready ? call : null, label: t('take-file'), busy: take.isPending, ready, onDo: () => take.mutate(call) },
  )
}
