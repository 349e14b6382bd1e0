/** Making a project, and as an operator an organisation. */
import { useState } from 'react'
import type { Static } from 'typebox'
import type { ProjectShape } from '../../../../src/identity/organization-schema.ts'
import type { Call } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { FormDialog, TextField, Tick, toast } from '../../ui/index.ts'
import { useSettingsWords } from './settings-words.ts'

type Project = Static<typeof ProjectShape>

export function NewProject({
  organizationId,
  onClose,
  onMade,
}: {
  organizationId: string
  onClose: () => void
  onMade: (project: Project) => void
}) {
  const t = useSettingsWords()
  const [name, setName] = useState('')
  const call: Call = {
    method: 'POST',
    path: '/api/projects',
    body: { organization_id: organizationId, name: name.trim() },
  }
  const act = useAct<Project>(['projects', 'organization', 'me'], (project) => {
    onClose()
    onMade(project)
  })
  return (
    <FormDialog
      title={t('new-project')}
      says={t('new-project-says')}
      call={call}
      label={t('make')}
      ready={name.trim() !== ''}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <TextField label={t('project-name')} value={name} onChange={setName} maxLength={100} autoFocus />
    </FormDialog>
  )
}

export function NewOrganization({ onClose }: { onClose: () => void }) {
  const t = useSettingsWords()
  const [name, setName] = useState('')
  const [own, setOwn] = useState(true)
  const call: Call = { method: 'POST', path: '/api/organizations', body: { name: name.trim(), become_owner: own } }
  const act = useAct(['organizations', 'me'], () => {
    toast({ title: t('made', { name: name.trim() }), says: own ? '' : t('invite-owner') })
    onClose()
  })
  return (
    <FormDialog
      title={t('new-organization')}
      says={t('new-organization-says')}
      call={call}
      label={t('make')}
      ready={name.trim() !== ''}
      busy={act.isPending}
      error={act.error}
      onSend={() => act.mutate(call)}
      onClose={onClose}
    >
      <TextField label={t('organization-name')} value={name} onChange={setName} maxLength={100} autoFocus />
      <Tick on={own} onChange={setOwn}>
        {t('become-owner')}
      </Tick>
    </FormDialog>
  )
}
