import { useQuery } from '@tanstack/react-query'
import { useAct } from '../../api/use-act.ts'
import type { Organization } from '../../app/session.ts'
import { ConfirmDialog, ShowCall, Trouble, toast, useFormat } from '../../ui/index.ts'
import { type Departure, keysOfQuery, type Member, takeOut } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'

/** Takes somebody out of the organisation, having said by name what stops working. */
export function TakeOutDialog({
  of: member,
  organization,
  isSelf,
  onClose,
  onGone,
}: {
  of: Member
  organization: Organization
  isSelf: boolean
  onClose: () => void
  onGone: () => void
}) {
  const t = usePeopleWords()
  const format = useFormat()
  const keys = useQuery(keysOfQuery(organization.id, member.user_id))
  const call = takeOut(organization.id, member.user_id)
  const act = useAct<Departure>(['members', 'invitations', 'keys', 'me'], ({ keys_revoked }) => {
    toast({
      title: t('taken-out', { name: member.name, organization: organization.name }),
      ...(keys_revoked.length > 0
        ? {
            says: t('keys-revoked', {
              count: keys_revoked.length,
              names: format.list(keys_revoked.map((key) => key.name)),
            }),
          }
        : {}),
    })
    onGone()
  })
  const names = keys.data?.data.map((key) => key.name) ?? []
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={
        isSelf
          ? t('leave-title', { organization: organization.name })
          : t('take-out-title', { name: member.name, organization: organization.name })
      }
      type={member.name}
      label={t(isSelf ? 'leave-act' : 'take-out-act')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      <ul className="consequences">
        <li>{t('take-out-sees-nothing', { organization: organization.name })}</li>
        <li>
          {names.length === 0
            ? t('take-out-no-keys')
            : t('take-out-keys', { count: names.length, names: format.list(names) })}
        </li>
        <li>{t('take-out-stays')}</li>
      </ul>
    </ConfirmDialog>
  )
}
