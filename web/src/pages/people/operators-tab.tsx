/** Who runs the installation; and below, everybody who can sign in. For operators. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useMe } from '../../app/session.ts'
import {
  Ago,
  Button,
  type Column,
  Loaded,
  RowMenu,
  SearchInput,
  Section,
  ShowCall,
  Table,
  TableFoot,
  Tag,
} from '../../ui/index.ts'
import { ResetLinkDialog, SignOutDialog } from './member-dialogs.tsx'
import { GrantDialog, WithdrawDialog } from './operator-dialogs.tsx'
import { everybodyQuery, operatorsQuery, type Person } from './people-api.ts'
import { PeopleFrame } from './people-frame.tsx'
import { usePeopleWords } from './people-words.ts'
import type { PeopleSearch } from './search.ts'

type Doing = { what: 'grant' | 'withdraw' | 'reset' | 'sign-out'; person: Person }
type Words = ReturnType<typeof usePeopleWords>

export function OperatorsTab() {
  const t = usePeopleWords()
  const self = useMe().person?.id ?? null
  const navigate = useNavigate()
  const { q, make } = useSearch({ strict: false }) as PeopleSearch
  const [doing, setDoing] = useState<Doing | null>(null)
  const operators = useInfiniteQuery(operatorsQuery())
  const everybody = useInfiniteQuery(everybodyQuery(q))
  const set = (change: Partial<Record<keyof PeopleSearch, unknown>>) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace: true } as never)
  const close = () => setDoing(null)
  return (
    <PeopleFrame
      tab="operators"
      acts={
        <Button look="primary" icon="plus" onClick={() => set({ make: true })}>
          {t('grant')}
        </Button>
      }
    >
      <p className="t13 soft people-says">{t('operators-says')}</p>
      <Loaded query={{ ...operators, data: operators.data?.pages.flatMap((page) => page.data) }} rows={2}>
        {(rows) => (
          <Table
            label={t('tab-operators')}
            rows={rows}
            columns={operatorColumns(t, self, (person) => setDoing({ what: 'withdraw', person }))}
            idOf={(person) => person.user_id}
            under={(person) => person.email}
          />
        )}
      </Loaded>
      <Section
        title={t('everybody')}
        acts={<ShowCall call={{ method: 'GET', path: '/api/people', query: { search: q } }} />}
      >
        <div className="toolbar">
          <SearchInput label={t('find-person')} value={q ?? ''} onChange={(next) => set({ q: next || undefined })} />
        </div>
        <Loaded query={{ ...everybody, data: everybody.data?.pages.flatMap((page) => page.data) }}>
          {(rows) => (
            <>
              <Table
                label={t('everybody')}
                rows={rows}
                columns={personColumns(t, self, (what, person) => setDoing({ what, person }))}
                idOf={(person) => person.user_id}
                under={(person) => person.email}
              />
              {rows.length === 0 && <p className="soft none-found">{t('none-found')}</p>}
              <TableFoot end={t('people', { count: rows.length })}>{t('everybody-foot')}</TableFoot>
            </>
          )}
        </Loaded>
        {everybody.hasNextPage && (
          <div className="more-row">
            <Button busy={everybody.isFetchingNextPage} onClick={() => void everybody.fetchNextPage()}>
              {t('more')}
            </Button>
          </div>
        )}
      </Section>
      {make && <GrantDialog onClose={() => set({ make: undefined })} />}
      {doing?.what === 'grant' && <GrantDialog email={doing.person.email} onClose={close} />}
      {doing?.what === 'withdraw' && (
        <WithdrawDialog of={doing.person} isSelf={doing.person.user_id === self} onClose={close} />
      )}
      {doing?.what === 'reset' && <ResetLinkDialog of={doing.person} onClose={close} />}
      {doing?.what === 'sign-out' && <SignOutDialog of={doing.person} onClose={close} />}
    </PeopleFrame>
  )
}

function nameColumn(t: Words, self: string | null): Column<Person> {
  return {
    id: 'name',
    head: t('name'),
    cell: (person) => (
      <span className="row">
        <span className="name cut">{person.name}</span>
        {person.user_id === self && <Tag>{t('you')}</Tag>}
      </span>
    ),
  }
}

function operatorColumns(t: Words, self: string | null, onWithdraw: (person: Person) => void): Column<Person>[] {
  return [
    nameColumn(t, self),
    { id: 'email', head: t('email'), soft: true, cell: (person) => person.email },
    {
      id: 'seen',
      head: t('last-seen'),
      soft: true,
      cell: (person) => (person.last_seen_at ? <Ago at={person.last_seen_at} /> : t('no-session')),
    },
    {
      id: 'act',
      head: null,
      act: true,
      phone: true,
      cell: (person) => (
        <Button look="go" aria-label={t('withdraw-one', { name: person.name })} onClick={() => onWithdraw(person)}>
          {t('withdraw')}
        </Button>
      ),
    },
  ]
}

function personColumns(
  t: Words,
  self: string | null,
  onDo: (what: Doing['what'], person: Person) => void,
): Column<Person>[] {
  return [
    nameColumn(t, self),
    { id: 'email', head: t('email'), soft: true, cell: (person) => person.email },
    { id: 'since', head: t('since'), soft: true, cell: (person) => <Ago at={person.created_at} /> },
    {
      id: 'seen',
      head: t('last-seen'),
      soft: true,
      cell: (person) => (person.last_seen_at ? <Ago at={person.last_seen_at} /> : t('no-session')),
    },
    { id: 'organizations', head: t('organizations'), right: true, cell: (person) => person.organizations },
    {
      id: 'operator',
      head: t('role'),
      cell: (person) => (person.operator ? <Tag tone="trade">{t('role-operator')}</Tag> : ''),
    },
    {
      id: 'act',
      head: null,
      act: true,
      phone: true,
      cell: (person) => (
        <RowMenu
          label={t('more-acts', { name: person.name })}
          entries={[
            !person.operator && { label: t('grant-one'), icon: 'gear', onSelect: () => onDo('grant', person) },
            person.user_id !== self && { label: t('reset-link'), icon: 'key', onSelect: () => onDo('reset', person) },
            { label: t('sign-out'), icon: 'right', onSelect: () => onDo('sign-out', person) },
          ]}
        />
      ),
    },
  ]
}
