/** What each role may do: the table of rules that every route is decided by. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Action } from '../../../../src/identity/rules.ts'
import {
  type Column,
  Loaded,
  SearchInput,
  Section,
  Segments,
  ShowCall,
  Sign,
  Table,
  TableFoot,
} from '../../ui/index.ts'
import { useLanguage } from '../../words/i18n.ts'
import { type Rule, rulesQuery } from './people-api.ts'
import { PeopleFrame } from './people-frame.tsx'
import { usePeopleWords } from './people-words.ts'
import { groupOf, RULE_GROUPS, verdictOf } from './rule-groups.ts'
import zh from './rules.zh.json'
import { type PeopleSearch, ROLES } from './search.ts'

const HOLDERS = ['operator', ...ROLES] as const
type Holder = (typeof HOLDERS)[number]
/** An action that is not said in Chinese does not compile. */
const CHINESE: Record<Action, string> = zh

export function RolesTab() {
  const t = usePeopleWords()
  const language = useLanguage()
  const query = useQuery(rulesQuery)
  const navigate = useNavigate()
  const { q = '', role = 'developer' } = useSearch({ strict: false }) as PeopleSearch
  const set = (change: Partial<Record<keyof PeopleSearch, unknown>>) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace: true } as never)
  const says = (rule: Rule) => (language === 'zh' ? CHINESE[rule.action] : capital(rule.says))
  const wanted = (rule: Rule) => `${says(rule)} ${rule.action}`.toLowerCase().includes(q.toLowerCase())
  return (
    <PeopleFrame tab="roles">
      <p className="t13 soft people-says">{t('rules-says')}</p>
      <div className="toolbar">
        <SearchInput label={t('find-rule')} value={q} onChange={(next) => set({ q: next || undefined })} />
        <span className="phone-only">
          <Segments
            label={t('role')}
            value={role}
            onChange={(next) => set({ role: next })}
            choices={ROLES.map((value) => ({ value, label: t(`role-${value}`) }))}
          />
        </span>
        <span className="push">
          <ShowCall call={{ method: 'GET', path: '/api/rules' }} />
        </span>
      </div>
      <p className="phone-only t13 soft">{t(`role-${role}-may`)}</p>
      <Loaded query={query} rows={10}>
        {({ data }) => {
          const shown = data.filter(wanted)
          return (
            <div className="rules">
              {RULE_GROUPS.filter((group) => shown.some((rule) => groupOf(rule.action) === group)).map((group) => (
                <Section key={group} title={t(`rules-${group}`)}>
                  <Table
                    label={t(`rules-${group}`)}
                    rows={shown.filter((rule) => groupOf(rule.action) === group)}
                    columns={columns(t, says, role)}
                    idOf={(rule) => rule.action}
                  />
                </Section>
              ))}
              {shown.length === 0 && <p className="soft none-found">{t('none-found')}</p>}
              <TableFoot>{t('rules-foot')}</TableFoot>
            </div>
          )
        }}
      </Loaded>
    </PeopleFrame>
  )
}

function columns(t: ReturnType<typeof usePeopleWords>, says: (rule: Rule) => string, role: Holder): Column<Rule>[] {
  return [
    { id: 'says', head: t('may'), cell: (rule) => <span className="rule-says">{says(rule)}</span> },
    ...HOLDERS.map((holder) => ({
      id: holder,
      head: t(`role-${holder}`),
      width: '104px',
      phone: holder === role,
      cell: (rule: Rule) => <Mark verdict={verdictOf(rule, holder)} />,
    })),
  ]
}

function Mark({ verdict }: { verdict: ReturnType<typeof verdictOf> }) {
  const t = usePeopleWords()
  if (verdict === 'no') return <span className="faint">{t('verdict-no')}</span>
  return (
    <span className="state good">
      <Sign name="ok" />
      {t(`verdict-${verdict}`)}
    </span>
  )
}

const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)
