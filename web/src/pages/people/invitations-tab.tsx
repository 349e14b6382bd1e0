/** Invitations that are open, and the way to make one. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import {
  Ago,
  Button,
  Code,
  type Column,
  ConfirmDialog,
  Empty,
  Loaded,
  ShowCall,
  samplesOf,
  Table,
  TableFoot,
  Trouble,
  toast,
} from '../../ui/index.ts'
import { InviteDialog } from './invite-dialog.tsx'
import { type Invitation, invitationsQuery, invite, revokeInvitation } from './people-api.ts'
import { PeopleFrame } from './people-frame.tsx'
import { usePeopleWords } from './people-words.ts'
import type { PeopleSearch } from './search.ts'
import { useOrganization } from './use-organization.ts'

export function InvitationsTab() {
  const t = usePeopleWords()
  const { organization, reach } = useOrganization()
  const navigate = useNavigate()
  const { make } = useSearch({ strict: false }) as PeopleSearch
  const of = reach('invitations.list')
  const query = useInfiniteQuery(invitationsQuery(of))
  const [revoking, setRevoking] = useState<Invitation | null>(null)
  const open = (make: true | undefined) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, make }), replace: true } as never)
  const mayInvite = reach('invitations.create') !== null
  const example = invite({
    organization_id: organization?.id ?? '',
    project_id: null,
    email: 'grace@example.com',
    role: 'developer',
    valid_days: 7,
  })
  return (
    <PeopleFrame
      tab="invitations"
      acts={
        mayInvite && (
          <Button look="primary" icon="plus" onClick={() => open(true)}>
            {t('invite')}
          </Button>
        )
      }
    >
      <Loaded query={{ ...query, data: query.data?.pages.flatMap((page) => page.data) }}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty
              title={t('invitations-empty')}
              acts={
                mayInvite && (
                  <Button icon="plus" onClick={() => open(true)}>
                    {t('invite')}
                  </Button>
                )
              }
              beside={<Code samples={samplesOf(example)} foot={t('invitations-code')} />}
            >
              <p>{t('invitations-empty-says')}</p>
            </Empty>
          ) : (
            <>
              <Table
                label={t('tab-invitations')}
                rows={rows}
                columns={columns(t, reach('invitations.revoke') ? setRevoking : null)}
                idOf={(one) => one.id}
                under={(one) => (
                  <>
                    {t(`role-${one.role}`)} · {t('ends')} <Ago at={one.expires_at} />
                  </>
                )}
              />
              <TableFoot end={of && <ShowCall call={{ method: 'GET', path: '/api/invitations', query: of }} />}>
                {t('invitations-foot')}
              </TableFoot>
              {query.hasNextPage && (
                <div className="more-row">
                  <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    {t('more')}
                  </Button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
      {make && mayInvite && <InviteDialog onClose={() => open(undefined)} />}
      {revoking && <RevokeDialog of={revoking} onClose={() => setRevoking(null)} />}
    </PeopleFrame>
  )
}

function columns(
  t: ReturnType<typeof usePeopleWords>,
  onRevoke: ((of: Invitation) => void) | null,
): Column<Invitation>[] {
  return [
    { id: 'email', head: t('email'), cell: (one) => <span className="name">{one.email}</span> },
    { id: 'role', head: t('role'), cell: (one) => t(`role-${one.role}`) },
    { id: 'where', head: t('where'), soft: true, cell: (one) => one.project_name ?? t('whole-organization') },
    { id: 'by', head: t('invited-by'), soft: true, cell: (one) => one.created_by_name ?? t('command-line') },
    { id: 'made', head: t('made'), soft: true, cell: (one) => <Ago at={one.created_at} /> },
    { id: 'ends', head: t('ends'), soft: true, cell: (one) => <Ago at={one.expires_at} /> },
    {
      id: 'act',
      head: null,
      act: true,
      phone: true,
      cell: (one) =>
        onRevoke && (
          <Button look="go" aria-label={t('revoke-one', { email: one.email })} onClick={() => onRevoke(one)}>
            {t('revoke')}
          </Button>
        ),
    },
  ]
}

function RevokeDialog({ of: invitation, onClose }: { of: Invitation; onClose: () => void }) {
  const t = usePeopleWords()
  const call = revokeInvitation(invitation.id)
  const act = useAct(['invitations'], () => {
    toast({ title: t('revoked', { email: invitation.email }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('revoke-title', { email: invitation.email })}
      label={t('revoke')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('revoke-says')}
    </ConfirmDialog>
  )
}
