/** People: who belongs here, and what each may do. One tab of the address at a time. */
import { useSearch } from '@tanstack/react-router'
import { AccountsTab } from './accounts-tab.tsx'
import { InvitationsTab } from './invitations-tab.tsx'
import { MembersTab } from './members-tab.tsx'
import { OperatorsTab } from './operators-tab.tsx'
import { RolesTab } from './roles-tab.tsx'
import type { PeopleSearch, Tab } from './search.ts'
import { useOrganization } from './use-organization.ts'

const TABS: Record<Tab, () => React.ReactNode> = {
  members: MembersTab,
  invitations: InvitationsTab,
  accounts: AccountsTab,
  roles: RolesTab,
  operators: OperatorsTab,
}

export default function PeoplePage() {
  const { tab } = useSearch({ strict: false }) as PeopleSearch
  const { reach, may } = useOrganization()
  // Who runs the installation and belongs to no organisation has no members to see.
  const first: Tab = reach('members.list') ? 'members' : may('operators.list') ? 'operators' : 'roles'
  const Shown = TABS[tab ?? first]
  return <Shown />
}
