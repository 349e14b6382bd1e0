import { type ReactNode, useState } from 'react'
import { Ago, Button, Fact, Facts, Id, Section, useFormat } from '../../ui/index.ts'
import type { ModelDetail } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { parametersInWords } from './parameters.ts'

const TOOLS: Record<string, 'tools-none' | 'tools-auto'> = { none: 'tools-none', auto: 'tools-auto' }
type SourceName = keyof ModelDetail['facts']['sources']

/** What is known of the model. Each group of facts says where it is from, once asked. */
export function ModelFacts({ of: detail }: { of: ModelDetail }) {
  const t = useModelsWords()
  const format = useFormat()
  const [sourced, setSourced] = useState(false)
  const { model, facts, artefact, licence_accepted: accepted } = detail
  const { shape } = facts
  const sourceWord = (name: string) =>
    name === t('artefact') || name === t('checked')
      ? 'source-here'
      : model.in_catalogue
        ? 'source-catalogue'
        : 'source-file'
  const rows: { name: string; value: ReactNode; source?: SourceName }[] = [
    { name: t('made-by'), value: model.owned_by },
    {
      name: t('size'),
      value: [
        t('parameters', { amount: parametersInWords(model.parameters_total) }),
        model.parameters_active < model.parameters_total
          ? t('active', { amount: parametersInWords(model.parameters_active) })
          : t('dense'),
        shape && t('layers', { layers: shape.layers }),
      ]
        .filter(Boolean)
        .join(t('comma')),
      source: 'parameters',
    },
    {
      name: t('context'),
      value: (
        <>
          {t('tokens-of', { tokens: format.number(facts.context_tokens) })}
          {facts.context_tokens_extended && (
            <span className="soft">
              {t('comma')}
              {t('extended', { tokens: format.number(facts.context_tokens_extended) })}
            </span>
          )}
        </>
      ),
      source: 'context',
    },
    {
      name: t('per-token'),
      value:
        facts.context_bytes_per_token === null ? (
          <span lang="en">{facts.context_bytes_why ?? '–'}</span>
        ) : (
          `${format.figure(facts.context_bytes_per_token / 1_024)} KiB`
        ),
      source: 'kv',
    },
    { name: t('task'), value: t(`task-${model.task}`) },
    ...(model.task === 'chat'
      ? [
          {
            name: t('thinking'),
            value: t(`thinking-${facts.thinking.mode}`, { argument: facts.thinking.argument ?? '' }),
            source: 'parsers' as const,
          },
          {
            name: t('tools'),
            value: t(TOOLS[facts.parsers.tool] ?? 'tools-yes'),
            source: 'parsers' as const,
          },
        ]
      : []),
    {
      name: t('licence'),
      value: (
        <>
          {model.licence.id === 'unknown' ? (
            t('licence-unknown')
          ) : (
            <a href={model.licence.url} target="_blank" rel="noreferrer">
              {model.licence.name}
            </a>
          )}
          {model.licence.must_accept && (
            <span className="soft block">
              {accepted ? (
                <>
                  {accepted.by?.name ? t('accepted-by', { name: accepted.by.name }) : t('accepted')}{' '}
                  <Ago at={accepted.at} />
                </>
              ) : (
                t('not-accepted')
              )}
            </span>
          )}
        </>
      ),
      source: 'licence',
    },
    ...(artefact
      ? [
          {
            name: t('artefact'),
            value: <Id text={`sha256:${artefact.sha256}`} short={`sha256:${artefact.sha256.slice(0, 12)}…`} />,
          },
          {
            name: t('arrived'),
            value: (
              <>
                <Ago at={artefact.arrived_at} />
                <span className="soft block breaks">{artefact.from}</span>
              </>
            ),
            source: 'weights' as const,
          },
          { name: t('checked'), value: t(artefact.hash_was_promised ? 'hash-matches' : 'hash-unknown') },
        ]
      : []),
  ]
  return (
    <Section
      title={t('facts')}
      id="facts"
      acts={
        <Button look="quiet" small aria-pressed={sourced} onClick={() => setSourced(!sourced)}>
          {t(sourced ? 'hide-sources' : 'show-sources')}
        </Button>
      }
    >
      <Facts lined>
        {rows.map(({ name, value, source }) => (
          <Fact key={name} name={name}>
            {value}
            {sourced && (
              <span className="fact-source" lang={source ? 'en' : undefined}>
                {source ? facts.sources[source] : t(sourceWord(name))}
              </span>
            )}
          </Fact>
        ))}
      </Facts>
      {facts.quirks.length > 0 && (
        <>
          <h3 className="quirks-head">{t('good-to-know')}</h3>
          <ul className="quirks" lang="en">
            {facts.quirks.map((quirk) => (
              <li key={quirk}>{quirk}</li>
            ))}
          </ul>
        </>
      )}
    </Section>
  )
}
