import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Static } from 'typebox'
import type { CeremonyOptions } from '../../../../src/identity/sign-in-schema.ts'
import { ApiError, api } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { ConfirmDialog, FormDialog, Note, ShowCall, TextField, Trouble, toast } from '../../ui/index.ts'
import { makePasskey } from '../alone/passkey.ts'
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
  const isStale = act.error instanceof ApiError && act.error.code === 'identity.session_not_fresh'
  const givenUp = act.error instanceof DOMException ? act.error : null
  return (
    <FormDialog
      title={t('passkey-add')}
      says={t('passkey-add-says')}
      call={PASSKEY_OPTIONS}
      label={t('passkey-make')}
      instead={
        isStale && (
          <Link to="/sign-in" search={{ next: AGAIN }} className="btn primary">
            {t('sign-in-again')}
          </Link>
        )
      }
      ready={name.trim() !== ''}
      busy={act.isPending}
      error={isStale || givenUp ? null : act.error}
      onSend={() => act.mutate()}
      onClose={onClose}
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
      {isStale && <Note tone="warn">{t('not-fresh')}</Note>}
      {givenUp && <Note>{t(givenUp.name === 'InvalidStateError' ? 'passkey-there' : 'passkey-given-up')}</Note>}
    </FormDialog>
  )
}

export function RenamePasskeyDialog({ of: passkey, onClose }: { of: Passkey; onClose: () => void }) {
  const t = useAccountWords()
  const [name, setName] = useState(passkey.name ?? '')
  const call = renamePasskey(passkey.id, name.trim())
  const act = useAct(['account'], () => {
    toast({ title: t('passkey-renamed') })
    onClose()
  })
  return (
    <FormDialog
      title={t('passkey-rename')}
      call={call}
      label={t('save')}
      ready={name.trim() !== ''}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <TextField label={t('passkey-name')} value={name} onChange={setName} maxLength={100} autoFocus required />
    </FormDialog>
  )
}

export function DeletePasskeyDialog({ of: passkey, onClose }: { of: Passkey; onClose: () => void }) {
  const t = useAccountWords()
  const call = deletePasskey(passkey.id)
  const name = passkey.name ?? t('passkey-unnamed')
  const act = useAct(['account'], () => {
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
      onConfirm={() => act.mutate(call)}
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
