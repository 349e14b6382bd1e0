import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { Ago, Button, Note, State, Tag } from '../../ui/index.ts'
import { passkeysKnown } from '../alone/passkey.ts'
import type { Account, Passkey } from './account-api.ts'
import { useAccountWords } from './account-words.ts'
import { AddPasskeyDialog, DeletePasskeyDialog, RenamePasskeyDialog } from './passkey-dialogs.tsx'
import type { AccountSearch } from './search.ts'

export function Passkeys({ of: account }: { of: Account }) {
  const t = useAccountWords()
  const { open } = useSearch({ strict: false }) as AccountSearch
  const navigate = useNavigate()
  const [doing, setDoing] = useState<{ what: 'rename' | 'delete'; passkey: Passkey } | null>(null)
  const set = (open: AccountSearch['open']) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, open }), replace: true } as never)
  const can = account.passkeys_available && passkeysKnown()
  return (
    <div className="form">
      {account.passkeys.length > 0 && (
        <ul className="account-list">
          {account.passkeys.map((passkey) => (
            <li key={passkey.id}>
              <div>
                <b className="medium">{passkey.name ?? t('passkey-unnamed')}</b>{' '}
                {passkey.synced && <Tag>{t('passkey-synced')}</Tag>}
                {passkey.created_at && (
                  <p className="small soft">
                    {t('added')} <Ago at={passkey.created_at} />
                  </p>
                )}
              </div>
              <Button small look="quiet" onClick={() => setDoing({ what: 'rename', passkey })}>
                {t('rename')}
              </Button>
              <Button small look="quiet" onClick={() => setDoing({ what: 'delete', passkey })}>
                {t('delete')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {can ? (
        <div className="row wide account-line">
          {account.passkeys.length === 0 ? <State tone="off">{t('passkeys-none')}</State> : <span />}
          <Button small icon="plus" onClick={() => set('passkey')}>
            {t('passkey-add')}
          </Button>
        </div>
      ) : (
        <Note>{t(account.passkeys_available ? 'passkeys-no-browser' : 'passkeys-no-address')}</Note>
      )}
      {open === 'passkey' && can && <AddPasskeyDialog onClose={() => set(undefined)} />}
      {doing?.what === 'rename' && <RenamePasskeyDialog of={doing.passkey} onClose={() => setDoing(null)} />}
      {doing?.what === 'delete' && <DeletePasskeyDialog of={doing.passkey} onClose={() => setDoing(null)} />}
    </div>
  )
}
