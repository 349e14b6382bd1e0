/** The machine: what it has, what of it models take, and how its engines fare. */
import { Link } from '@tanstack/react-router'
import { useMachine, usePlace } from '../../app/session.ts'
import {
  Fact,
  Facts,
  Figure,
  Loaded,
  Note,
  Page,
  PageTitle,
  Section,
  State,
  Strip,
  Table,
  useFormat,
} from '../../ui/index.ts'
import { useMachineWords } from './machine-words.ts'
import { othersTake } from './others-take.ts'

export default function MachinePage() {
  const t = useMachineWords()
  const format = useFormat()
  const { may } = usePlace()
  const query = useMachine()
  return (
    <Page>
      <PageTitle title={t('title')} says={t('says')} />
      <Loaded query={query} rows={6}>
        {({ name, cores, memory, details }) => (
          <>
            <Strip>
              <Link to="/models">
                <Figure
                  label={t('memory')}
                  unit={t('of', { all: format.figure(memory.budget_bytes / 1e9) })}
                  line={t(othersTake(memory) > 0 ? 'free-others' : 'free', {
                    free: format.bytes(memory.free_bytes),
                    others: format.bytes(othersTake(memory)),
                  })}
                >
                  {format.figure(memory.used_bytes / 1e9)}
                </Figure>
              </Link>
              {details === null ? (
                <a href="#hardware">
                  <Figure label={t('cores-of')} line={name}>
                    {format.number(cores)}
                  </Figure>
                </a>
              ) : (
                <>
                  {' '}
                  <a href="#engines">
                    <Figure
                      label={t('engines')}
                      line={`${t('threads', { count: details.threads_total })}, ${t('cores', { count: cores })}, ${name}`}
                    >
                      {format.number(details.engines.length)}
                    </Figure>
                  </a>
                  <a href="#hardware">
                    <Figure
                      label={t('bandwidth')}
                      unit="GB/s"
                      line={
                        details.bandwidth
                          ? t('measured', { when: format.ago(new Date(details.bandwidth.measured_at)) })
                          : t('unmeasured')
                      }
                    >
                      {details.bandwidth ? format.figure(details.bandwidth.bytes_per_second / 1e9) : '–'}
                    </Figure>
                  </a>
                  <a href="#hardware">
                    <Figure
                      label={t('disk')}
                      unit={t('of-disk', { all: format.bytes(details.disk.total_bytes) })}
                      line={t('disk-says')}
                    >
                      {format.bytes(details.disk.free_bytes)}
                    </Figure>
                  </a>
                </>
              )}{' '}
            </Strip>
            {details === null ? (
              <Section title={t('hardware')} id="hardware">
                <Note>{t('operators-only')}</Note>
              </Section>
            ) : (
              <>
                <Section title={t('engines')} count={details.engines.length} id="engines">
                  {details.engines.length === 0 ? (
                    <p className="t13 soft">{t('no-engines')}</p>
                  ) : (
                    <Table
                      label={t('engines')}
                      rows={details.engines}
                      idOf={(engine) => engine.engine_id}
                      under={(engine) =>
                        `${format.bytes(engine.memory_bytes)} · ${t('threads', { count: engine.threads })}`
                      }
                      columns={[
                        {
                          id: 'model',
                          head: t('model'),
                          cell: (engine) => <span className="name">{engine.model}</span>,
                        },
                        {
                          id: 'memory',
                          head: t('set-aside'),
                          right: true,
                          cell: (engine) => format.bytes(engine.memory_bytes),
                        },
                        {
                          id: 'resident',
                          head: t('held'),
                          right: true,
                          cell: (engine) =>
                            engine.resident_bytes === null ? '–' : format.bytes(engine.resident_bytes),
                        },
                        {
                          id: 'threads',
                          head: t('column-threads'),
                          right: true,
                          cell: (engine) => format.number(engine.threads),
                        },
                        {
                          id: 'slots',
                          head: t('slots'),
                          right: true,
                          cell: (engine) => t('slots-of', { busy: engine.running ?? 0, all: engine.sequences }),
                        },
                        {
                          id: 'context',
                          head: t('context'),
                          right: true,
                          cell: (engine) => format.number(engine.context_tokens),
                        },
                        {
                          id: 'step',
                          head: t('step'),
                          right: true,
                          cell: (engine) =>
                            engine.step_ms_p50
                              ? `${format.figure(engine.step_ms_p50)} / ${format.figure(engine.step_ms_p95 ?? 0)} ms`
                              : '–',
                        },
                        {
                          id: 'restarts',
                          head: t('restarts'),
                          right: true,
                          cell: (engine) => format.number(engine.restarts),
                        },
                        {
                          id: 'state',
                          head: t('state'),
                          phone: true,
                          cell: (engine) =>
                            engine.state === 'ready' ? (
                              engine.path === 'public' ? (
                                <State tone="warn">{t('slow-path')}</State>
                              ) : (
                                <State tone="on">{t('ready')}</State>
                              )
                            ) : engine.state === 'loading' ? (
                              <State tone="live">{t('loading')}</State>
                            ) : (
                              <State tone="bad">{t('failed')}</State>
                            ),
                        },
                      ]}
                    />
                  )}
                  <p className="small faint code-foot">{t('step-says')}</p>
                </Section>
                <Section title={t('hardware')} id="hardware">
                  <Facts lined>
                    <Fact name={t('processor')}>{details.processor}</Fact>
                    <Fact name={t('cores-of')}>{t('cores-used', { used: cores, all: details.cores_physical })}</Fact>
                    <Fact name={t('system')}>
                      {details.platform}, {details.architecture}
                    </Fact>
                    <Fact name={t('memory-total')}>
                      {t('memory-of', {
                        free: format.bytes(details.memory_available_bytes),
                        all: format.bytes(details.memory_total_bytes),
                      })}
                    </Fact>
                    <Fact name={t('bandwidth')}>
                      {details.bandwidth
                        ? `${format.figure(details.bandwidth.bytes_per_second / 1e9)} GB/s`
                        : t('unmeasured')}
                    </Fact>
                    <Fact name={t('gpu')}>
                      {details.gpus.length === 0
                        ? t('no-gpu')
                        : details.gpus.map((gpu) => `${gpu.name}, ${format.bytes(gpu.memory_bytes)}`).join('; ')}
                      {details.gpus.length > 0 && !details.uses_gpu && (
                        <div className="small faint">{t('gpu-unused')}</div>
                      )}
                    </Fact>
                    <Fact name={t('disk')}>
                      {t('disk-of', {
                        free: format.bytes(details.disk.free_bytes),
                        all: format.bytes(details.disk.total_bytes),
                      })}
                    </Fact>
                  </Facts>
                  {may('status.read') && <p className="small faint code-foot">{t('bandwidth-says')}</p>}
                </Section>
              </>
            )}
          </>
        )}
      </Loaded>
    </Page>
  )
}
