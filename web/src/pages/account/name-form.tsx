import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { Button, ShowCall, TextField, Trouble, toast } from '../../ui/index.ts'
import { type Account, rename } from './account-api.ts'
import { useAccountWords } from './account-words.ts'

export function NameForm({ of: account }: { of: Account }) {
  const t = useAccountWords()
  const [name, setName] = useState(account.name)
  const call = rename(name.trim())
  const act = useAct(['account', 'me', 'members', 'people', 'operators'], () => toast({ title: t('renamed') }))
  const problem = act.error instanceof ApiError && act.error.status === 400 ? act.error.message : null
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate(call)
      }}
    >
      <TextField
        label={t('your-name')}
        autoComplete="name"
        value={name}
        onChange={setName}
        error={problem}
        maxLength={100}
        required
      />
      {act.error && !problem && <Trouble error={act.error} />}
      <div className="form-acts">
        <Button type="submit" busy={act.isPending} disabled={name.trim() === '' || name.trim() === account.name}>
          {t('save')}
        </Button>
        <ShowCall call={call} />
      </div>
    </form>
  )
}
