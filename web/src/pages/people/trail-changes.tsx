import { usePlace } from '../../app/session.ts'
import { useFormat } from '../../ui/index.ts'
import type { Change, Value } from './trail-diff.ts'
import { fieldWords, nothingWords, useTrailWords, valueWords } from './trail-words.ts'

/** Before and after beside each other, a field a row; where there is one side only, that one. */
export function TrailChanges({
  changes,
  hasBefore,
  hasAfter,
}: {
  changes: readonly Change[]
  hasBefore: boolean
  hasAfter: boolean
}) {
  const t = useTrailWords()
  return (
    <table className="trail-changes slim">
      <thead>
        <tr>
          <th scope="col">{t('field')}</th>
          {hasBefore && <th scope="col">{t('before')}</th>}
          {hasAfter && <th scope="col">{t('after')}</th>}
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.field} className={change.changed ? undefined : 'stayed'}>
            <th scope="row">{fieldWords(t, change.field)}</th>
            {hasBefore && (
              <td>
                <Said value={change.before} field={change.field} />
              </td>
            )}
            {hasAfter && (
              <td>
                <Said value={change.after} field={change.field} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Said({ value, field }: { value: Value | null; field: string }) {
  const t = useTrailWords()
  const format = useFormat()
  const { me } = usePlace()
  if (value === null) return <span className="faint">–</span>
  switch (value.kind) {
    case 'nothing':
      return <span className="soft">{nothingWords(t, field)}</span>
    case 'yes-no':
      return t(value.is ? 'yes' : 'no')
    case 'number':
      return format.figure(value.is, 3)
    case 'time':
      return format.time(value.is)
    case 'list':
      return value.is.map((one) => valueWords(t, one)).join(', ')
    case 'text': {
      const project = /project/i.test(field)
        ? me.organizations.flatMap((one) => one.projects).find(({ id }) => id === value.is)
        : undefined
      if (project) return project.name
      return /^[a-z]+_[a-z0-9]{16,}$|^[0-9a-f]{32,}$/.test(value.is) ? (
        <span className="mono">{value.is}</span>
      ) : (
        valueWords(t, value.is)
      )
    }
    default:
      return value satisfies never
  }
}
