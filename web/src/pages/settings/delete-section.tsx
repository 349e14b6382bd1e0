import { useState } from 'react'
import type { Call } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { Button, ConfirmDialog, Note, Section, ShowCall, Trouble } from '../../ui/index.ts'
import { useSettingsWords } from './settings-words.ts'

/** The end of an organisation or a project: what goes with it, and its name to be typed. */
export function DeleteSection({
  name,
  path,
  label,
  says,
  changes,
  onDone,
}: {
  name: string
  path: string
  /** What the button says. */
  label: string
  /** What goes with it. */
  says: string
  changes: readonly string[]
  onDone: () => void
}) {
  const t = useSettingsWords()
  const [open, setOpen] = useState(false)
  const call: Call = { method: 'DELETE', path, body: { name } }
  const act = useAct(changes, onDone)
  return (
    <Section title={t('end')}>
      <div className="form">
        <Note tone="warn">{says}</Note>
      </div>
      <div className="form-acts setting-end">
        <Button look="danger" onClick={() => setOpen(true)}>
          {label}
        </Button>
      </div>
      <ConfirmDialog
        open={open}
        onClose={() => setOpen(false)}
        title={t('delete-title', { name })}
        type={name}
        label={label}
        busy={act.isPending}
        onConfirm={() => act.mutate(call)}
        error={act.error && <Trouble error={act.error} />}
        foot={<ShowCall call={call} />}
      >
        {says}
      </ConfirmDialog>
    </Section>
  )
}
