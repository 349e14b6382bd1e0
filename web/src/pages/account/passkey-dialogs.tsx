import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Static } from 'typebox'
import type { CeremonyOptions } from '../../../../src/identity/sign-in-schema.ts'
import { ApiError, api } from '../../api/client.ts'
import { Button, ConfirmDialog, Dialog, Note, ShowCall, TextField, Trouble, toast } from '../../ui/index.ts'
import { makePasskey } from '../alone/passkey.ts'
import { useAct } from '../people/use-act.ts'
import { addPasskey, deletePasskey, PASSKEY_OPTIONS, type Passkey, renamePasskey } from './account-api.ts'
import { useAccountWords } from './account-words.ts'

const AGAIN = '/account?open=passkey'

/** Asks the browser for a passkey. Only soon after signing in: else one is asked to do that, and comes back here. */
export function AddPasskeyDialog({ onClose }: { onClose: () => void }) {
  const t = useAccountWords()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const act = useMutation({
    mutationFn: async () => {
      const { options } = await api<Static<typeof CeremonyOptions>>(PASSKEY_OPTIONS)
      return api<Passkey>(addPasskey(name.trim(), await makePasskey(options)))
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['account'] })
      toast({ title: t('passkey-added'), says: t('passkey-added-says') })
      onClose()
    },
  })
  const send = () => {
    if (name.trim() !== '' && !act.isPending) act.mutate()
  }
  const isStale = act.error instanceof ApiError && act.error.code === 'identity.session_not_fresh'
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('passkey-add')}
      says={t('passkey-add-says')}
      foot={<ShowCall call={PASSKEY_OPTIONS} />}
      acts={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          {isStale ? (
            <Link to="/sign-in" search={{ next: AGAIN }} className="btn primary">
              {t('sign-in-again')}
            </Link>
          ) : (
            <Button look="primary" busy={act.isPending} disabled={name.trim() === ''} onClick={send}>
              {t('passkey-make')}
            </Button>
          )}
        </>
      }
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        <TextField
          label={t('passkey-name')}
          help={t('passkey-name-help')}
          value={name}
          onChange={setName}
          maxLength={100}
          autoComplete="off"
          autoFocus
          required
        />
        {isStale ? (
          <Note tone="warn">{t('not-fresh')}</Note>
        ) : act.error instanceof DOMException ? (
          <Note>{t(act.error.name === 'InvalidStateError' ? 'passkey-there' : 'passkey-given-up')}</Note>
        ) : (
          act.error && <Trouble error={act.error} />
        )}
      </form>
    </Dialog>
  )
}

export function RenamePasskeyDialog({ of: passkey, onClose }: { of: Passkey; onClose: () => void }) {
  const t = useAccountWords()
  const [name, setName] = useState(passkey.name ?? '')
  const call = renamePasskey(passkey.id, name.trim())
  const act = useAct(call, ['account'], () => {
    toast({ title: t('passkey-renamed') })
    onClose()
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('passkey-rename')}
      foot={<ShowCall call={call} />}
      acts={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button look="primary" busy={act.isPending} disabled={name.trim() === ''} onClick={() => act.mutate()}>
            {t('save')}
          </Button>
        </>
      }
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') act.mutate()
        }}
      >
        <TextField label={t('passkey-name')} value={name} onChange={setName} maxLength={100} autoFocus required />
        {act.error && <Trouble error={act.error} />}
      </form>
    </Dialog>
  )
}

export function DeletePasskeyDialog({ of: passkey, onClose }: { of: Passkey; onClose: () => void }) {
  const t = useAccountWords()
  const call = deletePasskey(passkey.id)
  const name = passkey.name ?? t('passkey-unnamed')
  const act = useAct(call, ['account'], () => {
    toast({ title: t('passkey-deleted', { name }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('passkey-delete-title', { name })}
      label={t('delete')}
      busy={act.isPending}
      onConfirm={() => act.mutate()}
      error={act.error && <LastWay error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('passkey-delete-says')}
    </ConfirmDialog>
  )
}

/** The server's own sentence says what to do first. */
export function LastWay({ error }: { error: unknown }) {
  return error instanceof ApiError && error.code === 'identity.last_way_in' ? (
    <Note tone="warn">{error.message}</Note>
  ) : (
    <Trouble error={error} />
  )
}
