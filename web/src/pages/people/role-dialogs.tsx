/** Changing roles: in the organisation, in one project, and taking one in a project back. */
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import { ConfirmDialog, FormDialog, Note, SelectField, ShowCall, Trouble, toast } from '../../ui/index.ts'
import { changeRole, clearProjectRole, type Member, setProjectRole } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'
import { RoleChoice } from './roles.tsx'
import { PROJECT_ROLES, type ProjectRole, ROLES, type Role } from './search.ts'
import { useOrganization } from './use-organization.ts'

const SHOW_PEOPLE = ['members', 'invitations', 'keys', 'me'] as const

type KeysGone = { keys_revoked: { name: string }[] }

/** For the toast: which keys went with a role. */
function goneSays(t: ReturnType<typeof usePeopleWords>, { keys_revoked }: KeysGone): { says?: string } {
  if (keys_revoked.length === 0) return {}
  const names = keys_revoked.map((key) => key.name).join(', ')
  return { says: t('keys-revoked', { count: keys_revoked.length, names }) }
}

export function RoleDialog({
  of: member,
  organizationId,
  onClose,
}: {
  of: Member
  organizationId: string
  onClose: () => void
}) {
  const t = usePeopleWords()
  const { me, mayAll } = useOrganization()
  const [role, setRole] = useState<Role>(member.role ?? 'viewer')
  const call = changeRole(organizationId, member.user_id, role)
  const act = useAct<KeysGone>(SHOW_PEOPLE, (gone) => {
    toast({ title: t('role-changed', { name: member.name, role: t(`role-${role}`) }), ...goneSays(t, gone) })
    onClose()
  })
  const losesInvitations = ['owner', 'admin'].includes(member.role ?? '') && !['owner', 'admin'].includes(role)
  return (
    <FormDialog
      title={t('role-title', { name: member.name })}
      says={t('role-title-says')}
      call={call}
      label={t('save')}
      ready={role !== member.role}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <RoleChoice
        name={t('role')}
        value={role}
        onChange={setRole}
        roles={mayAll('owners.change') ? ROLES : ROLES.filter((one) => one !== 'owner')}
      />
      {losesInvitations && <Note>{t('role-loses-invitations')}</Note>}
      {role === 'viewer' && role !== member.role && <Note>{t('role-loses-keys')}</Note>}
      {me.person?.id === member.user_id && role !== member.role && <Note tone="warn">{t('role-own')}</Note>}
    </FormDialog>
  )
}

/** Gives a role in one project, or changes it. */
export function ProjectRoleDialog({
  of: member,
  projects,
  role: now,
  onClose,
}: {
  of: Member
  projects: readonly { id: string; name: string }[]
  role?: ProjectRole
  onClose: () => void
}) {
  const t = usePeopleWords()
  const [projectId, setProjectId] = useState(projects[0]?.id ?? '')
  const [role, setRole] = useState<ProjectRole>(now ?? 'developer')
  const project = projects.find(({ id }) => id === projectId)
  const call = setProjectRole(projectId, member.user_id, role)
  const act = useAct<KeysGone>(SHOW_PEOPLE, (gone) => {
    toast({
      title: t('project-role-changed', {
        name: member.name,
        role: t(`role-${role}`),
        project: project?.name ?? '',
      }),
      ...goneSays(t, gone),
    })
    onClose()
  })
  return (
    <FormDialog
      title={now ? t('project-role-title', { name: member.name, project: project?.name ?? '' }) : t('give-role-title')}
      says={t('project-role-says')}
      call={call}
      label={t('save')}
      ready={role !== now}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      {!now && (
        <SelectField
          label={t('project')}
          value={projectId}
          onChange={setProjectId}
          choices={projects.map(({ id, name }) => ({ value: id, label: name }))}
        />
      )}
      <RoleChoice name={t('role')} value={role} onChange={setRole} roles={PROJECT_ROLES} />
      {role === 'viewer' && role !== now && project && (
        <Note>{t('project-role-loses-keys', { project: project.name })}</Note>
      )}
    </FormDialog>
  )
}

export function ClearRoleDialog({
  of: member,
  project,
  onClose,
}: {
  of: Member
  project: Member['projects'][number]
  onClose: () => void
}) {
  const t = usePeopleWords()
  const call = clearProjectRole(project.id, member.user_id)
  const act = useAct<KeysGone>(SHOW_PEOPLE, (gone) => {
    toast({
      title: t('project-role-cleared', { name: member.name, project: project.name }),
      ...goneSays(t, gone),
    })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('clear-role-title', { name: member.name, project: project.name })}
      label={t('clear-role-act')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {member.role
        ? t('clear-role-says', { role: t(`role-${member.role}`) })
        : t('clear-role-out', { name: member.name, project: project.name })}
      {member.role === 'viewer' && project.role !== 'viewer' && (
        <> {t('project-role-loses-keys', { project: project.name })}</>
      )}
    </ConfirmDialog>
  )
}
