/** Who belongs to the organisation, or to the project alone where that is all that one sees. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import {
  Ago,
  Button,
  type Column,
  Filter,
  Loaded,
  SearchInput,
  ShowCall,
  Table,
  TableFoot,
  Tag,
} from '../../ui/index.ts'
import { InviteDialog } from './invite-dialog.tsx'
import { MemberPanel } from './member-panel.tsx'
import { type Member, membersQuery, type ProjectMember, projectMembersQuery } from './people-api.ts'
import { PeopleFrame } from './people-frame.tsx'
import { usePeopleWords } from './people-words.ts'
import { type PeopleSearch, ROLES } from './search.ts'
import { useOrganization } from './use-organization.ts'

/** Columns that the panel says as well, left out while it is open. */
const BESIDE_A_PANEL = ['projects', 'keys']

type Words = ReturnType<typeof usePeopleWords>

export function MembersTab() {
  const t = usePeopleWords()
  const { organization, project, me, reach } = useOrganization()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as PeopleSearch
  const isWhole = reach('members.list')?.organization_id !== undefined
  const filter = { ...(search.q ? { search: search.q } : {}), ...(search.role ? { role: search.role } : {}) }
  const whole = useInfiniteQuery(membersQuery(isWhole ? (organization?.id ?? null) : null, filter))
  const alone = useInfiniteQuery(
    projectMembersQuery(isWhole ? null : (project?.id ?? null), search.q ? { search: search.q } : {}),
  )
  const members = whole.data?.pages.flatMap((page) => page.data)
  const open = members?.find((member) => member.user_id === search.member)
  // A link to somebody further down: go on until there.
  useEffect(() => {
    if (search.member && !open && whole.hasNextPage && !whole.isFetchingNextPage) void whole.fetchNextPage()
  }, [search.member, open, whole.hasNextPage, whole.isFetchingNextPage, whole.fetchNextPage])

  const set = (change: Partial<Record<keyof PeopleSearch, unknown>>) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace: true } as never)
  const openPanel = (id: string | undefined) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, member: id }) } as never)
  const query = isWhole ? whole : alone
  const mayInvite = reach('invitations.create') !== null
  return (
    <PeopleFrame
      tab="members"
      acts={
        mayInvite && (
          <Button look="primary" icon="plus" onClick={() => set({ make: true })}>
            {t('invite')}
          </Button>
        )
      }
      panel={
        open &&
        organization && (
          <MemberPanel key={open.user_id} of={open} organization={organization} onClose={() => openPanel(undefined)} />
        )
      }
    >
      <div className="toolbar">
        <SearchInput
          label={t('find-person')}
          value={search.q ?? ''}
          onChange={(q) => set({ q: q || undefined, member: undefined })}
        />
        {isWhole && (
          <Filter
            single
            name={t('role')}
            values={search.role ? [search.role] : []}
            choices={ROLES.map((role) => ({ value: role, label: t(`role-${role}`) }))}
            onChange={([role]) => set({ role, member: undefined })}
          />
        )}
        <span className="push">
          <ShowCall
            call={{
              method: 'GET',
              path: isWhole ? `/api/organizations/${organization?.id}/members` : `/api/projects/${project?.id}/members`,
              query: filter,
            }}
          />
        </span>
      </div>
      {isWhole ? (
        <Loaded query={{ ...whole, data: members }}>
          {(rows) => (
            <Table
              label={t('tab-members')}
              rows={rows}
              columns={memberColumns(t, me.person?.id ?? null, (id) => openPanel(id)).filter(
                ({ id }) => !open || !BESIDE_A_PANEL.includes(id),
              )}
              idOf={(member) => member.user_id}
              nameOf={(member) => member.name}
              under={(member) => member.email}
              onOpen={(member) => openPanel(member.user_id)}
              openId={search.member ?? null}
            />
          )}
        </Loaded>
      ) : (
        <Loaded query={{ ...alone, data: alone.data?.pages.flatMap((page) => page.data) }}>
          {(rows) => (
            <Table
              label={t('tab-members')}
              rows={rows}
              columns={projectColumns(t, me.person?.id ?? null)}
              idOf={(member) => member.user_id}
              under={(member) => member.email}
            />
          )}
        </Loaded>
      )}
      {query.data?.pages[0]?.data.length === 0 && <p className="soft none-found">{t('none-found')}</p>}
      <TableFoot
        end={query.data && t('people', { count: query.data.pages.reduce((sum, { data }) => sum + data.length, 0) })}
      >
        {t(isWhole ? 'members-foot' : 'project-members-foot', { project: project?.name ?? '' })}
      </TableFoot>
      {query.hasNextPage && (
        <div className="more-row">
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('more')}
          </Button>
        </div>
      )}
      {search.make && mayInvite && <InviteDialog onClose={() => set({ make: undefined })} />}
    </PeopleFrame>
  )
}

function memberColumns(t: Words, self: string | null, onOpen: (id: string) => void): Column<Member>[] {
  return [
    {
      id: 'name',
      head: t('name'),
      cell: (member) => (
        <span className="row">
          <button type="button" className="name as-link cut" onClick={() => onOpen(member.user_id)}>
            {member.name}
          </button>
          {member.user_id === self && <Tag>{t('you')}</Tag>}
        </span>
      ),
    },
    {
      id: 'role',
      head: t('role'),
      phone: true,
      cell: (member) => (member.role ? t(`role-${member.role}`) : <span className="faint">{t('role-none')}</span>),
    },
    {
      id: 'email',
      head: t('email'),
      soft: true,
      cell: (member) => (
        <span className="email cut" title={member.email}>
          {member.email}
        </span>
      ),
    },
    {
      id: 'projects',
      head: t('in-projects'),
      soft: true,
      cell: (member) =>
        member.projects.length === 0
          ? ''
          : member.projects.length === 1
            ? t('role-in', { role: t(`role-${member.projects[0]!.role}`), project: member.projects[0]!.name })
            : t('projects', { count: member.projects.length }),
    },
    { id: 'keys', head: t('keys'), right: true, cell: (member) => member.keys },
    {
      id: 'seen',
      head: t('last-seen'),
      soft: true,
      cell: (member) => (member.last_seen_at ? <Ago at={member.last_seen_at} /> : t('no-session')),
    },
  ]
}

function projectColumns(t: Words, self: string | null): Column<ProjectMember>[] {
  return [
    {
      id: 'name',
      head: t('name'),
      cell: (member) => (
        <span className="row">
          <span className="name cut">{member.name}</span>
          {member.user_id === self && <Tag>{t('you')}</Tag>}
        </span>
      ),
    },
    { id: 'email', head: t('email'), soft: true, cell: (member) => member.email ?? t('email-kept') },
    { id: 'role', head: t('role'), phone: true, cell: (member) => t(`role-${member.role}`) },
  ]
}
