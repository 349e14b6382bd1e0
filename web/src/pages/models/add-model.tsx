import type { ReactNode } from 'react'
import type { Call } from '../../api/client.ts'
import { Button, Dialog, Segments, ShowCall } from '../../ui/index.ts'
import { AddFromFile } from './add-from-file.tsx'
import { AddFromHub } from './add-from-hub.tsx'
import type { SetSearch } from './catalogue.tsx'
import { useModelsWords } from './models-words.ts'
import type { ModelsSearch } from './search.ts'

/** A model that the catalogue does not know: from a repository of the hub, or a file of this machine. */
export function AddModelDialog({
  search,
  set,
  onClose,
}: {
  search: ModelsSearch
  set: SetSearch
  onClose: () => void
}) {
  const t = useModelsWords()
  const from = search.from ?? 'hub'
  /** Both ways have one foot: the call, cancel, and the button that does it. */
  const frame: AddFrame = (body, { call, label, busy, ready, onDo }) => (
    <Dialog
      open
      onClose={onClose}
      title={t('add')}
      says={t('add-says')}
      foot={call && <ShowCall call={call} />}
      acts={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button look="primary" busy={busy} disabled={!ready} onClick={onDo}>
            {label}
          </Button>
        </>
      }
    >
      <div className="form">
        <Segments
          label={t('add-from')}
          value={from}
          onChange={(next) => set({ from: next })}
          choices={[
            { value: 'hub', label: t('from-hub') },
            { value: 'file', label: t('from-file') },
          ]}
        />
        {body}
      </div>
    </Dialog>
  )
  return from === 'hub' ? (
    <AddFromHub repo={search.repo ?? ''} onRepo={(repo) => set({ repo })} frame={frame} onClose={onClose} />
  ) : (
    <AddFromFile frame={frame} onClose={onClose} />
  )
}

export type AddFrame = (
  body: ReactNode,
  act: { call: Call | null; label: string; busy: boolean; ready: boolean; onDo: () => void },
) => ReactNode
