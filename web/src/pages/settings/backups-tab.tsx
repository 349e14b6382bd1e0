/** Backups: make, check, download, take in, put in place, delete. With PostgreSQL, what to run instead. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Static } from 'typebox'
import type { BackupList, BackupShape } from '../../../../src/control/backups/backup-schema.ts'
import { type Call, get } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { usePlace } from '../../app/session.ts'
import {
  Ago,
  Button,
  Code,
  ConfirmDialog,
  Loaded,
  Note,
  RowMenu,
  Section,
  ShowCall,
  State,
  Table,
  TextField,
  Trouble,
  toast,
  useFormat,
} from '../../ui/index.ts'
import { BackupProgress } from './backup-progress.tsx'
import { RestoreDialog } from './restore-dialog.tsx'
import { useSettingsWords } from './settings-words.ts'
import { UploadBackup } from './upload-backup.tsx'

export type Backup = Static<typeof BackupShape>
type List = Static<typeof BackupList>

const CREATE: Call = { method: 'POST', path: '/api/backups', body: {} }

export function BackupsTab() {
  const t = useSettingsWords()
  const query = useQuery({
    queryKey: ['backups'],
    queryFn: ({ signal }) => get<List>('/api/backups', { limit: 100 }, signal),
    // While something runs its progress is followed; control is away for some seconds while a backup is put in place.
    refetchInterval: ({ state }) => (state.data?.activity?.state === 'running' ? 1_000 : 15_000),
    retry: 20,
    retryDelay: 1_000,
  })
  return (
    <Loaded query={query}>
      {(list) =>
        list.database === 'postgresql' ? (
          <Section title={t('postgres')}>
            <p className="t13 soft settings-says">{t('postgres-says')}</p>
            {list.postgres_commands.map((command) => (
              <div key={command.does} className="setting">
                <Code samples={[{ name: t(`postgres-${command.does}`), code: command.line }]} />
              </div>
            ))}
          </Section>
        ) : (
          <Embedded list={list} />
        )
      }
    </Loaded>
  )
}

function Embedded({ list }: { list: List }) {
  const t = useSettingsWords()
  const format = useFormat()
  const { may } = usePlace()
  const create = useAct(['backups', 'installation'])
  const check = useAct(['backups'])
  const [restoring, setRestoring] = useState<Backup | null>(null)
  const [deleting, setDeleting] = useState<Backup | null>(null)
  const busy = list.activity?.state === 'running'
  return (
    <>
      <Section
        title={t('backups')}
        count={list.data.length}
        acts={
          <>
            <ShowCall call={CREATE} />
            {may('backup.restore') && <UploadBackup disabled={busy} />}
            {may('backup.create') && (
              <Button small icon="plus" busy={create.isPending} disabled={busy} onClick={() => create.mutate(CREATE)}>
                {t('backup-now')}
              </Button>
            )}
          </>
        }
      >
        <p className="t13 soft settings-says">{t('backups-says')}</p>
        {(create.error ?? check.error) && <Trouble error={create.error ?? check.error} />}
        {list.activity && <BackupProgress of={list.activity} />}
        {list.data.length === 0 ? (
          <Note>{t('no-backups')}</Note>
        ) : (
          <Table
            label={t('backups')}
            rows={list.data}
            idOf={(backup) => backup.id}
            under={(backup) => (
              <>
                {format.bytes(backup.bytes)} ·{' '}
                {backup.by?.name ? t('origin-by', { name: backup.by.name }) : t(`origin-${backup.origin}`)}
              </>
            )}
            columns={[
              { id: 'made', head: t('column-made'), cell: (backup) => <Ago at={backup.made_at} /> },
              {
                id: 'origin',
                head: t('origin'),
                soft: true,
                cell: (backup) =>
                  backup.by?.name ? t('origin-by', { name: backup.by.name }) : t(`origin-${backup.origin}`),
              },
              { id: 'bytes', head: t('size'), right: true, cell: (backup) => format.bytes(backup.bytes) },
              {
                id: 'rows',
                head: t('rows'),
                right: true,
                cell: (backup) => (backup.check?.rows == null ? '–' : format.number(backup.check.rows)),
              },
              { id: 'state', head: t('state'), phone: true, cell: (backup) => <Soundness of={backup} /> },
              {
                id: 'act',
                head: null,
                act: true,
                cell: (backup) => (
                  <RowMenu
                    label={t('backup-menu', { time: format.time(new Date(backup.made_at)) })}
                    entries={[
                      may('backup.download') && {
                        label: t('download'),
                        icon: 'save',
                        onSelect: () => location.assign(`/api/backups/${backup.id}/archive`),
                      },
                      may('backup.create') && {
                        label: t('check'),
                        icon: 'shield',
                        disabled: busy,
                        onSelect: () =>
                          check.mutate({ method: 'POST', path: `/api/backups/${backup.id}/check`, body: {} }),
                      },
                      may('backup.restore') && {
                        label: t('restore'),
                        icon: 'redo',
                        disabled: busy,
                        onSelect: () => setRestoring(backup),
                      },
                      may('backup.delete') && 'line',
                      may('backup.delete') && {
                        label: t('delete'),
                        icon: 'bin',
                        danger: true,
                        disabled: busy,
                        onSelect: () => setDeleting(backup),
                      },
                    ]}
                  />
                ),
              },
            ]}
          />
        )}
      </Section>
      {list.nightly_kept !== null && may('backup.delete') && <Kept nightly={list.nightly_kept} />}
      {restoring && <RestoreDialog of={restoring} onClose={() => setRestoring(null)} />}
      {deleting && <DeleteBackup of={deleting} onClose={() => setDeleting(null)} />}
    </>
  )
}

function Soundness({ of: { check } }: { of: Backup }) {
  const t = useSettingsWords()
  if (check === null) return <State tone="plain">{t('unchecked')}</State>
  return check.sound ? (
    <State tone="good">{t('sound')}</State>
  ) : (
    <State tone="bad">{check.message ?? t('unsound')}</State>
  )
}

function Kept({ nightly }: { nightly: number }) {
  const t = useSettingsWords()
  const [kept, setKept] = useState(String(nightly))
  const call: Call = { method: 'PUT', path: '/api/backups/retention', body: { nightly_kept: Number(kept) } }
  const act = useAct(['backups'], () => toast({ title: t('saved') }))
  const count = Number(kept)
  return (
    <Section title={t('nightly')}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          act.mutate(call)
        }}
      >
        <TextField
          label={t('nightly-kept')}
          help={t('nightly-help')}
          unit={t('unit-backups')}
          inputMode="numeric"
          value={kept}
          onChange={setKept}
        />
        {act.error && <Trouble error={act.error} />}
        <div className="form-acts">
          <Button
            type="submit"
            busy={act.isPending}
            disabled={!Number.isInteger(count) || count < 1 || count > 365 || count === nightly}
          >
            {t('save')}
          </Button>
          <ShowCall call={call} />
        </div>
      </form>
    </Section>
  )
}

function DeleteBackup({ of: backup, onClose }: { of: Backup; onClose: () => void }) {
  const t = useSettingsWords()
  const format = useFormat()
  const call: Call = { method: 'DELETE', path: `/api/backups/${backup.id}` }
  const act = useAct(['backups', 'installation'], () => {
    toast({ title: t('backup-deleted') })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('backup-delete-title', { time: format.time(new Date(backup.made_at)) })}
      label={t('delete')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('backup-delete-says')}
    </ConfirmDialog>
  )
}
