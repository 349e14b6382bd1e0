import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { AreaField, Button, Dialog, Note, State, Trouble } from '../../ui/index.ts'
import { type FoundKeys, findKeys, revokeKey } from './keys-api.ts'
import { useKeyWords } from './keys-words.ts'

/** Somebody found a secret where it should not be: which key is it, and does it still work. */
export function LeakedKeyDialog({ onClose }: { onClose: () => void }) {
  const t = useKeyWords()
  const [text, setText] = useState('')
  const queries = useQueryClient()
  const find = useMutation({ mutationFn: () => api<FoundKeys>(findKeys(text)) })
  const revoke = useMutation({
    mutationFn: (id: string) => api(revokeKey(id)),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['keys'] })
      await find.mutateAsync()
    },
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('leaked-title')}
      says={t('leaked-says')}
      acts={
        <>
          <Button onClick={onClose}>{t('done')}</Button>
          <Button look="primary" busy={find.isPending} disabled={text.trim() === ''} onClick={() => find.mutate()}>
            {t('leaked-find')}
          </Button>
        </>
      }
    >
      <div className="form">
        <AreaField
          label={t('leaked-text')}
          value={text}
          onChange={setText}
          mono
          rows={4}
          spellCheck={false}
          placeholder="sk-tw-…"
        />
        {(find.error ?? revoke.error) && <Trouble error={find.error ?? revoke.error} />}
        {find.data?.data.length === 0 && <Note>{t('leaked-none')}</Note>}
        {find.data?.data.map((one) => (
          <div key={`${one.prefix}${one.last4}`} className="row wide t13">
            <span>
              <span className="mono">…{one.last4}</span>{' '}
              {one.key ? <b className="medium">{one.key.name}</b> : t('leaked-foreign')}
            </span>
            {one.key &&
              (one.works ? (
                <span className="row">
                  <State tone="warn">{t('leaked-works')}</State>
                  {one.key.allowed.includes('keys.revoke') && (
                    <Button
                      small
                      look="danger"
                      busy={revoke.isPending}
                      onClick={() => one.key && revoke.mutate(one.key.id)}
                    >
                      {t('revoke')}
                    </Button>
                  )}
                </span>
              ) : (
                <State tone="off">{t('leaked-ended')}</State>
              ))}
          </div>
        ))}
      </div>
    </Dialog>
  )
}
