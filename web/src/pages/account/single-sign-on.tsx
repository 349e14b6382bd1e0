import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Static } from 'typebox'
import type { SingleSignOnBegun } from '../../../../src/identity/sign-in-schema.ts'
import { api } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { Ago, Button, ConfirmDialog, ShowCall, State, Trouble, toast } from '../../ui/index.ts'
import { type Account, LINK, UNLINK } from './account-api.ts'
import { useAccountWords } from './account-words.ts'
import { LastWay } from './passkey-dialogs.tsx'

export function SingleSignOn({ of: provider }: { of: NonNullable<Account['single_sign_on']> }) {
  const t = useAccountWords()
  const [parting, setParting] = useState(false)
  const link = useMutation({
    mutationFn: () => api<Static<typeof SingleSignOnBegun>>(LINK),
    onSuccess: ({ url }) => location.assign(url),
  })
  const unlink = useAct(['account'], () => {
    toast({ title: t('sso-unlinked', { name: provider.name }) })
    setParting(false)
  })
  return (
    <div className="form">
      <div className="row wide account-line">
        {provider.linked_at ? (
          <span>
            <State tone="good">{t('sso-linked', { name: provider.name })}</State>{' '}
            <span className="soft">
              <Ago at={provider.linked_at} />
            </span>
          </span>
        ) : (
          <State tone="off">{t('sso-not-linked')}</State>
        )}
        {provider.linked_at ? (
          <Button small onClick={() => setParting(true)}>
            {t('sso-unlink')}
          </Button>
        ) : (
          <span className="row">
            <ShowCall call={LINK} />
            <Button small icon="link" busy={link.isPending} onClick={() => link.mutate()}>
              {t('sso-link', { name: provider.name })}
            </Button>
          </span>
        )}
      </div>
      {link.error && <Trouble error={link.error} />}
      {parting && (
        <ConfirmDialog
          open
          onClose={() => setParting(false)}
          title={t('sso-unlink-title', { name: provider.name })}
          label={t('sso-unlink')}
          busy={unlink.isPending}
          onConfirm={() => unlink.mutate(UNLINK)}
          error={unlink.error && <LastWay error={unlink.error} />}
          foot={<ShowCall call={UNLINK} />}
        >
          {t('sso-unlink-says')}
        </ConfirmDialog>
      )}
    </div>
  )
}
