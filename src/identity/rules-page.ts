/** docs/authorization.md, printed from the one table of rules: `node src/identity/rules-page.ts`. A test holds them equal. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ACTIONS, type Action, HOLDINGS, type Holding, RULES } from './rules.ts'

export const RULES_PAGE = fileURLToPath(new URL('../../docs/authorization.md', import.meta.url))

const HEADS: Record<Holding, string> = {
  machine: 'command line',
  operator: 'operator',
  owner: 'owner',
  admin: 'admin',
  developer: 'developer',
  viewer: 'viewer',
  'key:inference': 'key: inference',
  'key:models.read': 'key: models.read',
}

export function rulesPage(): string {
  return `# Who may do what

<!-- Printed by src/identity/rules-page.ts from src/identity/rules.ts: change it there. -->

What is not marked here is refused. **Operator** is a role in the installation; **owner**, **admin**, **developer** and
**viewer** are roles in one organisation, and count there alone: to everybody else, what belongs to an organisation does not
exist (404). Actions on the installation ask only whether one has the role in any organisation. **Command line** is
\`npm run tradewind\` on the machine itself, which needs no login: whoever can open its socket owns the data folder. The last
two columns are scopes of an API key; keys open \`/v1\`, sessions open \`/api\`. The console shows this table under People,
Roles; programs read it at \`GET /api/rules\`.

**In one project** somebody can be admin, developer or viewer beside or instead of a role in its organisation. For whatever
belongs to that project, its keys and its usage, the role there goes before the one in the organisation, be it more or less;
only an owner of the organisation is an owner everywhere. Who has a role in a project alone sees the organisation's name and
that project, and nothing else of it.

**What operators could do.** They see no organisation but their own, and they run the machine: they may make a link that sets
a new password for anybody, and so could act in anybody's name. Such a link stands on the trail of the installation and of
every organisation of that person, where its owners see it.

${table('installation')}

${table('organization')}

\`own\`: only what one made oneself.
`
}

function table(on: 'installation' | 'organization'): string {
  const heads = [
    on === 'installation' ? 'On the installation' : 'On an organisation',
    '',
    ...HOLDINGS.map((holding) => HEADS[holding]),
  ]
  const rows = ACTIONS.filter((action) => RULES[action].on === on).map((action) => [
    `\`${action}\``,
    RULES[action].says,
    ...HOLDINGS.map((holding) => cell(action, holding)),
  ])
  return [heads, heads.map((_, at) => (at < 2 ? '---' : ':-:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}

function cell(action: Action, holding: Holding): string {
  const rule: { who: readonly Holding[]; ownOnly?: readonly Holding[] } = RULES[action]
  if (rule.who.includes(holding)) return 'yes'
  return rule.ownOnly?.includes(holding) ? 'own' : ''
}

if (import.meta.main) writeFileSync(RULES_PAGE, rulesPage())
