/** A project: its name, what of its requests is kept, and its end. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Static } from 'typebox'
import type { ContentLogShape } from '../../../../src/billing/request-content-schema.ts'
import type { ProjectShape } from '../../../../src/identity/organization-schema.ts'
import { type Call, get } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import {
  Button,
  ConfirmDialog,
  Loaded,
  Section,
  ShowCall,
  TextField,
  Toggle,
  Trouble,
  toast,
  useFormat,
} from '../../ui/index.ts'
import { LimitsSection } from '../limits/limits-section.tsx'
import { SafetySection } from '../safety/safety-section.tsx'
import { DeleteSection } from './delete-section.tsx'
import { RenameSection } from './rename-section.tsx'
import { useSettingsWords } from './settings-words.ts'

type Project = Static<typeof ProjectShape>
type ContentLog = Static<typeof ContentLogShape>

const change = (id: string, body: object): Call => ({ method: 'PATCH', path: `/api/projects/${id}`, body })

export function ProjectTab({ id }: { id: string }) {
  const t = useSettingsWords()
  const navigate = useNavigate()
  const query = useQuery({
    queryKey: ['project', id],
    queryFn: ({ signal }) => get<Project>(`/api/projects/${id}`, undefined, signal),
  })
  return (
    <Loaded query={query}>
      {(project) => (
        <>
          <RenameSection
            label={t('project-name')}
            name={project.name}
            path={`/api/projects/${project.id}`}
            may={project.allowed.includes('project.update')}
            changes={['project', 'projects', 'me']}
          />
          <LimitsSection
            kind="project"
            limits={project.limits}
            path={`/api/projects/${project.id}`}
            may={project.allowed.includes('project.update')}
          />
          <SafetySection projectId={project.id} />
          <Content of={project} />
          {project.allowed.includes('project.delete') && (
            <DeleteSection
              name={project.name}
              path={`/api/projects/${project.id}`}
              label={t('delete-project')}
              says={t('delete-project-says', { count: project.keys })}
              changes={['me', 'projects']}
              onDone={() => {
                toast({ title: t('deleted', { name: project.name }) })
                void navigate({ to: '/settings', search: { project: undefined } as never })
              }}
            />
          )}
        </>
      )}
    </Loaded>
  )
}

/** Whether prompts may reach a disk, and whether what is said is kept for people to read. */
function Content({ of: project }: { of: Project }) {
  const t = useSettingsWords()
  const format = useFormat()
  const act = useAct(['project', 'content-log'])
  const kept = useQuery({
    queryKey: ['content-log', project.id],
    queryFn: ({ signal }) => get<ContentLog>('/api/content-log', { project_id: project.id }, signal),
    enabled: project.allowed.includes('content_log.read'),
  })
  const [days, setDays] = useState(String(project.content_retention_days))
  const [forgetting, setForgetting] = useState(false)
  const may = project.allowed.includes('project.update')
  const set = (body: object) => act.mutate(change(project.id, body))
  const count = Number(days)
  return (
    <Section title={t('content')}>
      <div className="form">
        <p className="t13 soft">{t('content-says')}</p>
        <Switch
          label={t('on-disk')}
          says={t('on-disk-says')}
          on={project.content_on_disk}
          disabled={!may || act.isPending}
          onChange={(on) => set({ content_on_disk: on })}
        />
        <Switch
          label={t('logging')}
          says={t('logging-says')}
          on={project.content_logging}
          disabled={!may || act.isPending || !project.content_on_disk}
          onChange={(on) => set({ content_logging: on })}
        />
        {!project.content_on_disk && <p className="small faint">{t('logging-needs')}</p>}
        {project.content_logging && (
          <>
            <Switch
              label={t('address')}
              says={t('address-says')}
              on={project.content_client_address}
              disabled={!may || act.isPending}
              onChange={(on) => set({ content_client_address: on })}
            />
            <form
              className="form"
              onSubmit={(event) => {
                event.preventDefault()
                set({ content_retention_days: count })
              }}
            >
              <TextField
                label={t('days')}
                help={t('days-help', { max: kept.data?.days_max ?? 365 })}
                unit={t('unit-days')}
                inputMode="numeric"
                value={days}
                onChange={setDays}
                disabled={!may}
              />
              {may && (
                <div className="form-acts">
                  <Button
                    type="submit"
                    busy={act.isPending}
                    disabled={!Number.isInteger(count) || count < 1 || count === project.content_retention_days}
                  >
                    {t('save')}
                  </Button>
                </div>
              )}
            </form>
          </>
        )}
        {act.error && <Trouble error={act.error} />}
        {kept.data && kept.data.requests > 0 && (
          <div className="row wide t13">
            <span>
              {t('kept', { requests: format.number(kept.data.requests), bytes: format.bytes(kept.data.bytes) })}
            </span>
            {project.allowed.includes('content_log.delete') && (
              <Button small look="danger" onClick={() => setForgetting(true)}>
                {t('forget')}
              </Button>
            )}
          </div>
        )}
      </div>
      {forgetting && <Forget of={project} onClose={() => setForgetting(false)} />}
    </Section>
  )
}

function Forget({ of: project, onClose }: { of: Project; onClose: () => void }) {
  const t = useSettingsWords()
  const call: Call = { method: 'DELETE', path: '/api/content-log', query: { project_id: project.id } }
  const act = useAct(['content-log', 'requests'], () => {
    toast({ title: t('forgotten') })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('forget-title', { name: project.name })}
      type={project.name}
      label={t('forget')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('forget-says')}
    </ConfirmDialog>
  )
}

function Switch({
  label,
  says,
  on,
  disabled,
  onChange,
}: {
  label: string
  says: string
  on: boolean
  disabled: boolean
  onChange: (on: boolean) => void
}) {
  return (
    <div className="row wide setting">
      <span>
        <span className="label">{label}</span>
        <span className="small soft">{says}</span>
      </span>
      <Toggle on={on} onChange={onChange} label={label} disabled={disabled} />
    </div>
  )
}
