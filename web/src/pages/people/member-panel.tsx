/** Somebody, beside the list: which roles, which keys, and what can be done. */
import { useState } from 'react'
import type { Organization } from '../../app/session.ts'
import { useMe } from '../../app/session.ts'
import { Ago, Button, Fact, Facts, Id, Menu, type MenuEntry, Panel, Section } from '../../ui/index.ts'
import { KeyNames } from './key-names.tsx'
import { ResetLinkDialog, SignOutDialog } from './member-dialogs.tsx'
import type { Member } from './people-api.ts'
import { usePeopleWords } from './people-words.ts'
import { ClearRoleDialog, ProjectRoleDialog, RoleDialog } from './role-dialogs.tsx'
import { TakeOutDialog } from './take-out-dialog.tsx'
import { TrailLink } from './trail-link.tsx'
import { useOrganization } from './use-organization.ts'

type Doing =
  | { what: 'role' | 'reset' | 'sign-out' | 'take-out' | 'add-role' }
  | { what: 'project-role' | 'clear-role'; project: Member['projects'][number] }

export function MemberPanel({
  of: member,
  organization,
  onClose,
}: {
  of: Member
  organization: Organization
  onClose: () => void
}) {
  const t = usePeopleWords()
  const me = useMe()
  const { mayAll, may } = useOrganization()
  const [doing, setDoing] = useState<Doing | null>(null)
  const isSelf = me.person?.id === member.user_id
  const changes = (projectId: string) =>
    member.role !== 'owner' &&
    organization.projects.some((one) => one.id === projectId && one.allowed.includes('members.change'))
  const free = organization.projects.filter(({ id }) => changes(id) && !member.projects.some((has) => has.id === id))
  const more: (MenuEntry | false)[] = [
    !isSelf &&
      may('people.reset_password') && {
        label: t('reset-link'),
        icon: 'key',
        onSelect: () => setDoing({ what: 'reset' }),
      },
    !isSelf &&
      may('people.end_sessions') && {
        label: t('sign-out'),
        icon: 'right',
        onSelect: () => setDoing({ what: 'sign-out' }),
      },
    member.may_change && {
      label: t(isSelf ? 'leave' : 'take-out'),
      icon: 'bin',
      danger: true,
      onSelect: () => setDoing({ what: 'take-out' }),
    },
  ]
  const close = () => setDoing(null)
  return (
    <Panel title={member.name} says={isSelf ? t('this-is-you') : member.email} onClose={onClose}>
      {(member.may_change || more.some(Boolean)) && (
        <div className="row panel-acts">
          {member.may_change && member.role && (
            <Button small onClick={() => setDoing({ what: 'role' })}>
              {t('change-role')}
            </Button>
          )}
          {more.some(Boolean) && (
            <Menu
              entries={more}
              trigger={<Button small icon="more" aria-label={t('more-acts', { name: member.name })} />}
            />
          )}
        </div>
      )}
      <Facts lined>
        <Fact name={t('email')}>
          <Id text={member.email} />
        </Fact>
        <Fact name={t('role')}>
          {member.role ? t(`role-${member.role}`) : t('role-none')}
          <span className="soft under-fact">{t(member.role ? `role-${member.role}-may` : 'role-none-may')}</span>
        </Fact>
        <Fact name={t('joined')}>
          <Ago at={member.joined_at} />
        </Fact>
        <Fact name={t('last-seen')}>{member.last_seen_at ? <Ago at={member.last_seen_at} /> : t('no-session')}</Fact>
        <Fact name={t('id')}>
          <Id text={member.user_id} />
        </Fact>
      </Facts>
      {mayAll('audit.read') && <TrailLink actor={member.user_id} />}
      <Section
        title={t('single-projects')}
        acts={
          free.length > 0 && (
            <Button small look="quiet" icon="plus" onClick={() => setDoing({ what: 'add-role' })}>
              {t('give-role')}
            </Button>
          )
        }
      >
        {member.projects.length === 0 ? (
          <p className="t13 soft">{t(member.role === 'owner' ? 'owner-everywhere' : 'single-projects-none')}</p>
        ) : (
          <ul className="panel-list">
            {member.projects.map((project) => (
              <li key={project.id}>
                <span className="cut">{project.name}</span>
                <span className="push soft">{t(`role-${project.role}`)}</span>
                {changes(project.id) && (
                  <>
                    <Button small look="quiet" onClick={() => setDoing({ what: 'project-role', project })}>
                      {t('change')}
                    </Button>
                    <Button
                      small
                      look="quiet"
                      icon="x"
                      aria-label={t('clear-role', { project: project.name })}
                      onClick={() => setDoing({ what: 'clear-role', project })}
                    />
                  </>
                )}
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Section title={t('keys')} count={member.keys}>
        <KeyNames organizationId={organization.id} ownerId={member.user_id} none={t('member-keys-none')} />
      </Section>
      {doing?.what === 'role' && <RoleDialog of={member} organizationId={organization.id} onClose={close} />}
      {doing?.what === 'add-role' && <ProjectRoleDialog of={member} projects={free} onClose={close} />}
      {doing?.what === 'project-role' && (
        <ProjectRoleDialog of={member} projects={[doing.project]} role={doing.project.role} onClose={close} />
      )}
      {doing?.what === 'clear-role' && <ClearRoleDialog of={member} project={doing.project} onClose={close} />}
      {doing?.what === 'reset' && <ResetLinkDialog of={member} onClose={close} />}
      {doing?.what === 'sign-out' && <SignOutDialog of={member} onClose={close} />}
      {doing?.what === 'take-out' && (
        <TakeOutDialog
          of={member}
          organization={organization}
          isSelf={isSelf}
          onClose={close}
          onGone={() => {
            close()
            onClose()
          }}
        />
      )}
    </Panel>
  )
}
