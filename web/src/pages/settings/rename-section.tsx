import { useState } from 'react'
import type { Call } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { Button, Section, ShowCall, TextField, Trouble, toast } from '../../ui/index.ts'
import { useSettingsWords } from './settings-words.ts'

/** The name of an organisation or a project. `path` is where a change of it goes. */
export function RenameSection({
  label,
  name: current,
  path,
  may,
  changes,
}: {
  label: string
  name: string
  path: string
  may: boolean
  /** What shows the name: the first words of the keys of queries. */
  changes: readonly string[]
}) {
  const t = useSettingsWords()
  const [name, setName] = useState(current)
  const call: Call = { method: 'PATCH', path, body: { name: name.trim() } }
  const act = useAct(changes, () => toast({ title: t('renamed', { name: name.trim() }) }))
  return (
    <Section title={t('name')}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          act.mutate(call)
        }}
      >
        <TextField
          label={label}
          value={name}
          onChange={setName}
          disabled={!may}
          help={may ? undefined : t('may-not')}
          maxLength={100}
        />
        {act.error && <Trouble error={act.error} />}
        {may && (
          <div className="form-acts">
            <Button type="submit" busy={act.isPending} disabled={name.trim() === '' || name.trim() === current}>
              {t('rename')}
            </Button>
            <ShowCall call={call} />
          </div>
        )}
      </form>
    </Section>
  )
}
