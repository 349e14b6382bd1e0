/** The installation, for operators: versions, the database's honesty, limits, settings and where each came from. */
import { useQuery } from '@tanstack/react-query'
import { Fact, Facts, Id, Loaded, Note, Section, Table, Tag, useFormat } from '../../ui/index.ts'
import { useLanguage } from '../../words/i18n.ts'
import { type Installation, installationQuery } from '../overview/overview-api.ts'
import { HubToken } from './hub-token.tsx'
import does from './settings-does.zh.json'
import { useSettingsWords } from './settings-words.ts'

const IN_CHINESE: Record<string, string> = does

export function InstallationTab() {
  const query = useQuery(installationQuery(true))
  return (
    <Loaded query={query} rows={8}>
      {(installation) => (
        <>
          <div className="cols settings-cols">
            <div>
              <Database of={installation} />
              <Where of={installation} />
            </div>
            <div>
              <Versions of={installation} />
              <HubToken />
              <Limits of={installation} />
            </div>
          </div>
          <AllSettings of={installation} />
        </>
      )}
    </Loaded>
  )
}

function Database({ of: { database } }: { of: Installation }) {
  const t = useSettingsWords()
  const format = useFormat()
  return (
    <Section title={t('database')}>
      <Note tone={database.survives_power_cut ? 'good' : 'warn'}>{t(`durability-${database.durability}`)}</Note>
      <Facts>
        <Fact name={t('kind')}>
          {t(`database-${database.kind}`)}, PostgreSQL {database.version}
        </Fact>
        <Fact name={t('size')}>{format.bytes(database.size_bytes)}</Fact>
        <Fact name={t('migrations')}>
          {t('migrations-of', { applied: database.migrations.applied, known: database.migrations.known })},{' '}
          <span className="mono">{database.migrations.latest}</span>
        </Fact>
        {database.kind === 'embedded' && <Fact name={t('grow')}>{t('grow-says')}</Fact>}
      </Facts>
    </Section>
  )
}

function Where({ of: { data_folder, address, logs, config_file, workers } }: { of: Installation }) {
  const t = useSettingsWords()
  const format = useFormat()
  return (
    <Section title={t('where')}>
      <Facts lined>
        <Fact name={t('address-public')}>
          <Id text={address.public_url} /> {address.is_local_only && <Tag>{t('local-only')}</Tag>}
        </Fact>
        <Fact name={t('bound')}>
          <span className="mono">
            {address.host}:{address.port}
          </span>
        </Fact>
        <Fact name={t('data-folder')}>
          <Id text={data_folder.path} />
          <div className="small faint">
            {t('disk-free', {
              free: format.bytes(data_folder.disk_free_bytes),
              all: format.bytes(data_folder.disk_total_bytes),
            })}
          </div>
        </Fact>
        <Fact name={t('logs')}>
          <Id text={logs.folder} />
          <div className="small faint">
            {t('log-level', {
              level: logs.level,
              bytes: format.bytes(logs.files.reduce((sum, file) => sum + file.bytes, 0)),
            })}
          </div>
        </Fact>
        <Fact name={t('config-file')}>
          <Id text={config_file.path} />
          <div className="small faint">
            {config_file.settings === 0 ? t('config-sets-nothing') : t('config-sets', { count: config_file.settings })}
          </div>
        </Fact>
        <Fact name={t('workers')}>
          {workers
            .map(
              (worker) =>
                `${worker.worker}${worker.restarts > 0 ? ` (${t('restarts', { count: worker.restarts })})` : ''}`,
            )
            .join(', ')}
        </Fact>
      </Facts>
    </Section>
  )
}

function Versions({ of: { versions, uptime_seconds } }: { of: Installation }) {
  const t = useSettingsWords()
  const format = useFormat()
  return (
    <Section title={t('versions')}>
      <Facts>
        <Fact name="Tradewind">{versions.tradewind}</Fact>
        <Fact name="Node">{versions.node}</Fact>
        <Fact name={t('engine-library')}>{versions.engine_library ?? '–'}</Fact>
        <Fact name={t('up')}>{format.duration(uptime_seconds * 1_000)}</Fact>
      </Facts>
    </Section>
  )
}

function Limits({ of: { limits } }: { of: Installation }) {
  const t = useSettingsWords()
  const format = useFormat()
  return (
    <Section title={t('limits')}>
      <Facts>
        <Fact name={t('limit-inference')}>{format.bytes(limits.inference_body_bytes, 0)}</Fact>
        <Fact name={t('limit-api')}>{format.bytes(limits.api_body_bytes, 0)}</Fact>
        <Fact name={t('limit-headers')}>
          {t('headers-of', { bytes: format.bytes(limits.header_bytes), count: limits.header_count })}
        </Fact>
        <Fact name={t('limit-connections')}>{format.number(limits.connections_per_worker)}</Fact>
        {limits.sign_ins.map((limit) => (
          <Fact key={limit.per} name={t(`sign-ins-${limit.per}`)}>
            {t('tries', { most: limit.most, time: format.duration(limit.within_seconds * 1_000) })}
          </Fact>
        ))}
      </Facts>
    </Section>
  )
}

function AllSettings({ of: { settings } }: { of: Installation }) {
  const t = useSettingsWords()
  const language = useLanguage()
  // The server says it in English, as in its own printed page.
  const says = ({ env, says }: { env: string; says: string }) => (language === 'zh' ? (IN_CHINESE[env] ?? says) : says)
  return (
    <Section title={t('all-settings')} count={settings.length}>
      <p className="t13 soft settings-says">{t('all-settings-says')}</p>
      <Table
        label={t('all-settings')}
        rows={settings}
        idOf={(setting) => setting.env}
        under={(setting) => setting.value ?? '–'}
        columns={[
          { id: 'env', head: t('setting'), cell: (setting) => <span className="mono">{setting.env}</span> },
          {
            id: 'value',
            head: t('in-force'),
            cell: (setting) => <span className="mono cut cell-cut">{setting.value ?? '–'}</span>,
          },
          { id: 'from', head: t('from'), phone: true, soft: true, cell: (setting) => t(`from-${setting.from}`) },
          {
            id: 'says',
            head: t('does'),
            soft: true,
            cell: (setting) => <span className="wraps">{says(setting)}</span>,
          },
        ]}
      />
    </Section>
  )
}
