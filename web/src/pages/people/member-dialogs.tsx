/** What can be done about how somebody signs in: a link for a new password, and the end of every session. */

import { useAct } from '../../api/use-act.ts'
import { Button, ConfirmDialog, Dialog, FormDialog, ShowCall, Trouble, toast, useFormat } from '../../ui/index.ts'
import { LinkOnce } from './link-once.tsx'
import { type Ended, endSessionsOf, makeResetLink, type ResetLink } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'

type Who = { user_id: string; name: string; email: string }

export function ResetLinkDialog({ of: person, onClose }: { of: Who; onClose: () => void }) {
  const t = usePeopleWords()
  const format = useFormat()
  const call = makeResetLink(person.user_id)
  const act = useAct<ResetLink>([])
  if (act.data)
    return (
      <Dialog
        open
        shownOnce
        onClose={onClose}
        title={t('reset-made', { name: person.name })}
        says={t('link-once')}
        acts={<Button onClick={onClose}>{t('done')}</Button>}
      >
        <LinkOnce url={act.data.url} />
        <p className="t13 soft link-says">
          {t('reset-made-says', { time: format.clock(new Date(act.data.expires_at)) })}
        </p>
      </Dialog>
    )
  return (
    <FormDialog
      title={t('reset-title', { name: person.name })}
      says={t('reset-says')}
      call={call}
      label={t('reset-act')}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <ul className="consequences t13 soft">
        <li>{t('reset-hand-over', { email: person.email })}</li>
        <li>{t('reset-until-then')}</li>
      </ul>
    </FormDialog>
  )
}

export function SignOutDialog({ of: person, onClose }: { of: Who; onClose: () => void }) {
  const t = usePeopleWords()
  const call = endSessionsOf(person.user_id)
  const act = useAct<Ended>(['members', 'people', 'operators'], ({ sessions_ended }) => {
    toast({ title: t('signed-out', { name: person.name, count: sessions_ended }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('sign-out-title', { name: person.name })}
      label={t('sign-out-act')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('sign-out-says')}
    </ConfirmDialog>
  )
}
