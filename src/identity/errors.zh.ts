/** What the errors of this house say in Chinese. */
import { sentence } from '../platform/sentences.ts'
import * as e from './errors.ts'
import { type FormProblems, sayEach } from './form-problem.ts'
import { problemInChinese } from './form-problem.zh.ts'
import { KEY_SCOPES, ORGANIZATION_ROLES, type OrganizationRole, RULES } from './rules.ts'
import { SIGN_IN_IN_CHINESE } from './sign-in-errors.zh.ts'

const KINDS = { organisation: '组织', project: '项目' }
const ROLES: Record<OrganizationRole, string> = {
  owner: '所有者',
  admin: '管理员',
  developer: '开发者',
  viewer: '查看者',
}

const sayAll = ({ problems }: { problems: FormProblems }) => Object.values(problems).map(problemInChinese).join('')
const sayByField = ({ problems }: { problems: FormProblems }) => sayEach(problems, problemInChinese)

export const IDENTITY_IN_CHINESE = [
  ...SIGN_IN_IN_CHINESE,
  sentence(
    e.Unauthenticated,
    () => '尚未登录。请在 /sign-in 登录，或使用本机的命令行。API 密钥只能访问 /v1，不能访问 /api。',
  ),
  sentence(
    e.Forbidden,
    (d) => `你不能在这里执行此操作（${d.action}）。有权限的是：${whoMayInChinese(d.action) ?? d.who}。`,
  ),
  sentence(
    e.ForeignOrigin,
    (d) =>
      `凭会话进行的更改必须说明来源，且须来自本平台：${d.origin === null ? '没有收到 Origin' : `收到的 Origin 是 ${d.origin}`}，可接受的是 ${d.trusted.join('、')}。若在代理之后，请把 PUBLIC_URL 设为人们输入的地址。`,
  ),
  sentence(e.TooManySignIns, (d) => `此处尝试登录次数过多。请在 ${d.retryAfterS} 秒后重试。`),
  sentence(e.OrganizationUnknown, (d) => `没有组织 ${d.organization}。`),
  sentence(e.ProjectUnknown, (d) => `没有项目 ${d.project}。`),
  sentence(e.ProjectNotNamed, (d) =>
    d.projects === 0
      ? '还没有项目：请先打开启动时显示的设置链接。'
      : `共有 ${d.projects} 个项目：请在 project_id 中指明一个。`,
  ),
  sentence(e.KeyUnknown, (d) => `没有密钥 ${d.key}。`),
  sentence(e.ExpiryPast, (d) => `密钥的到期时间必须在将来：expires_at 是 ${d.expiresAt}，而现在是 ${d.now}。`),
  sentence(e.KeyEnded, (d) =>
    d.state === 'revoked'
      ? `密钥 ${d.key} 已吊销，无法恢复。请创建新的密钥。`
      : `密钥 ${d.key} 已过期。请先设置更晚的 expires_at。`,
  ),
  sentence(e.KeyOfConsole, (d) => `密钥 ${d.key} 由试用页创建，最多有效一小时；可以吊销，不能修改。`),
  sentence(
    e.OldSecretsTooMany,
    (d) =>
      `密钥 ${d.key} 还有 ${d.secretsMax} 个旧密文有效。请等其中一个失效，或以 overlap_s 0 轮换，使旧密文全部失效。`,
  ),
  sentence(
    e.KeysTooMany,
    (d) => `项目 ${d.project} 已有 ${d.keysMax} 个可用的密钥，达到上限。请先吊销一些不再使用的密钥。`,
  ),
  sentence(e.KeyChangesTooMany, (d) => `你在一分钟内已更改密钥 ${d.changesMax} 次。请在 ${d.retryAfterS} 秒后重试。`),
  sentence(
    e.IpRangeInvalid,
    (d) => `“${d.ip.slice(0, 60)}”不是 IP 地址或网段。请写成 203.0.113.7、10.0.0.0/8 或 2001:db8::/32。`,
  ),
  sentence(
    e.SetupLinkInvalid,
    () =>
      '此设置链接已失效：它已被使用、已超过 24 小时，或之后的启动已生成新的链接。请重新启动以获得新链接；如果已有所有者，请直接登录。',
  ),
  sentence(e.SetupFormRefused, sayAll, sayByField),
  sentence(e.NameNotTyped, (d) => `此${KINDS[d.kind]}名为“${d.name}”：要删除它，请在 name 中原样填写。`),
  sentence(e.LastOrganization, (d) => `${d.organization} 是这里唯一的组织，而平台至少保留一个。请先创建另一个。`),
  sentence(e.LastProject, (d) => `${d.project} 是 ${d.organization} 唯一的项目，而组织至少保留一个。请先创建另一个。`),
  sentence(e.MemberUnknown, (d) => `${d.person} 不属于 ${d.place}。`),
  sentence(e.LastOwner, (d) => `这是 ${d.organization} 唯一的所有者，而组织至少要有一位。请先任命另一位所有者。`),
  sentence(
    e.OwnerEverywhere,
    (d) => `${d.person} 是 ${d.organization} 的所有者，所有者在组织的每个项目中都是所有者。请先更改其在组织中的角色。`,
  ),
  sentence(e.LastOperator, (d) => `${d.person} 是唯一的运营者，而平台至少要有一位。请先添加另一位运营者。`),
  sentence(e.PersonUnknown, (d) => `没有名为 ${d.person} 且可以登录的人。`),
  sentence(e.EmailRefused, (d) => `不能邀请“${d.email}”。${problemInChinese(d.problem)}`),
  sentence(e.InvitationUnknown, (d) => `没有未接受的邀请 ${d.invitation}。`),
  sentence(e.InvitationInvalid, () => '此邀请已失效：它已被使用、撤回或超过有效期。请向邀请人索取新的链接。'),
  sentence(e.OwnerOfProject, () => '项目没有单独的所有者。请邀请对方担任项目的管理员，或整个组织的所有者。'),
  sentence(e.InvitationFormRefused, sayAll, sayByField),
  sentence(e.PersonExists, (d) => `${d.email} 已经可以登录本平台。请先登录，再打开邀请。`),
  sentence(e.AlreadyMember, (d) => `你已属于 ${d.place}。此邀请仍可供受邀者使用。`),
  sentence(e.ServiceAccountUnknown, (d) => `没有服务账号 ${d.serviceAccount}。`),
  sentence(e.ContentLoggingForbidden, () => '本平台不保留请求的内容：运营者已把 CONTENT_LOG_DAYS 设为 0。'),
  sentence(
    e.ContentLoggingNeedsDisk,
    () => '只有允许提示存到磁盘时才能保留请求的内容：请先把 content_on_disk 设为 true，或一并设置。',
  ),
  sentence(
    e.ContentRetentionTooLong,
    (d) => `请求的内容在这里最多保留 ${d.daysMax} 天，而要求的是 ${d.days} 天。上限由运营者设置（CONTENT_LOG_DAYS）。`,
  ),
]

/** As `whoMay` says it in English; null for what is not in the table of rules. */
function whoMayInChinese(action: string): string | null {
  const rule = Object.entries(RULES).find(([name]) => name === action)?.[1]
  if (rule === undefined) return null
  const holdings: readonly string[] = rule.who
  const ownOnly: readonly string[] = 'ownOnly' in rule ? rule.ownOnly : []
  const rolesIn = (list: readonly string[]) =>
    ORGANIZATION_ROLES.filter((role) => list.includes(role)).map((role) => ROLES[role])
  const kinds = [
    holdings.includes('machine') ? '本机的命令行' : '',
    holdings.includes('operator') ? '运营者' : '',
    rolesIn(holdings).length > 0
      ? `${rule.on === 'organization' ? '此组织' : '任一组织'}的${rolesIn(holdings).join('、')}`
      : '',
    rolesIn(ownOnly).length > 0 ? `${rolesIn(ownOnly).join('、')}（仅限自己创建的）` : '',
    ...KEY_SCOPES.filter((scope) => holdings.includes(`key:${scope}`)).map((scope) => `权限含 ${scope} 的 API 密钥`),
  ].filter((kind) => kind !== '')
  return kinds.length > 0 ? kinds.join('；') : '无'
}
