/** What usage and requests are limited to. Choices are what was used in the time that the page is about. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { usePlace } from '../../app/session.ts'
import { Filter, Select } from '../../ui/index.ts'
import type { Range } from '../../ui/range.ts'
import { type Dimension, type FilterSearch, filterQuery, OUTCOMES, reachesOrganization } from './filter-search.ts'
import { useGroupName } from './group-name.ts'
import { choicesQuery } from './usage-api.ts'
import { useUsageWords } from './usage-words.ts'
import type { SetAddress } from './use-address.ts'

type Props = { search: FilterSearch; set: SetAddress<FilterSearch>; range: Range }

/** Which projects: this one, or all that the person's role reaches. */
export function ScopeSelect({ search, set }: Pick<Props, 'search' | 'set'>) {
  const t = useUsageWords()
  const { organization, project } = usePlace()
  if (!organization || !project || !reachesOrganization({ organization })) return null
  return (
    <Select
      small
      label={t('in-label')}
      before={t('in')}
      value={search.scope ?? 'project'}
      choices={[
        { value: 'project', label: project.name },
        { value: 'organization', label: t('whole-organization', { name: organization.name }) },
      ]}
      onChange={(scope) => set({ scope: scope === 'organization' ? scope : undefined, of: undefined })}
    />
  )
}

export function Filters({ search, set, range, dimensions }: Props & { dimensions: readonly Dimension[] }) {
  const t = useUsageWords()
  return (
    <>
      {dimensions.map((by) => (
        <GroupFilter key={by} {...{ by, search, set, range }} />
      ))}
      <Filter
        single
        name={t('outcome')}
        values={search.outcome ? [search.outcome] : []}
        choices={OUTCOMES.map((outcome) => ({ value: outcome, label: t(`outcome-${outcome}`) }))}
        onChange={([outcome]) => set({ outcome: OUTCOMES.find((one) => one === outcome) })}
      />
    </>
  )
}

function GroupFilter({ by, search, set, range }: Props & { by: Dimension }) {
  const t = useUsageWords()
  const place = usePlace()
  const nameOf = useGroupName()
  const [opened, setOpened] = useState(false)
  const param = by === 'project' ? 'of' : by
  const value = search[param]
  const scope = search.scope ? { scope: search.scope } : {}
  const { data } = useQuery(choicesQuery(filterQuery(scope, place), range, by, opened || value !== undefined))
  return (
    <Filter
      single
      name={t(by)}
      values={value === undefined ? [] : [value]}
      choices={(data ?? []).map((group) => ({ value: group.id!, label: nameOf(group, by) }))}
      onOpen={() => setOpened(true)}
      onChange={([id]) => set({ [param]: id })}
    />
  )
}
