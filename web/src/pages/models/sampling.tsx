import { Section, useFormat } from '../../ui/index.ts'
import type { ModelDetail } from './models-api.ts'
import { useModelsWords } from './models-words.ts'

type Defaults = NonNullable<ModelDetail['facts']['sampling']['plain']>
const NAMES = ['temperature', 'top_p', 'top_k', 'min_p', 'presence_penalty', 'repetition_penalty'] as const

/** What its maker recommends, which a request that does not say gets. */
export function Sampling({ of: { facts } }: { of: ModelDetail }) {
  const t = useModelsWords()
  const format = useFormat()
  const { thinking, plain } = facts.sampling
  const columns = [
    ...(thinking ? [{ name: t('while-thinking'), values: thinking }] : []),
    ...(plain ? [{ name: t('plain'), values: plain }] : []),
  ]
  if (columns.length === 0) return null
  const shown = (values: Defaults, name: (typeof NAMES)[number]) =>
    values[name] === undefined ? '–' : format.figure(values[name], 2)
  return (
    <Section title={t('sampling')} id="sampling">
      <div className="tablebox">
        <table className="slim" aria-label={t('sampling')}>
          <thead>
            <tr>
              <th scope="col">{t('parameter')}</th>
              {columns.map(({ name }) => (
                <th key={name} scope="col" className="r">
                  {columns.length > 1 ? name : t('default')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {NAMES.filter((name) => columns.some(({ values }) => values[name] !== undefined)).map((name) => (
              <tr key={name}>
                <td>
                  <code>{name}</code>
                </td>
                {columns.map((column) => (
                  <td key={column.name} className="r">
                    {shown(column.values, name)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="small faint under-table">
        {t('sampling-says')} <span lang="en">{facts.sources.sampling}</span>
      </p>
    </Section>
  )
}
