/** Why somebody does not get in, or may not change how he gets in, in Chinese. */
import { sentence } from '../platform/sentences.ts'
import { problemInChinese } from './form-problem.zh.ts'
import * as e from './sign-in-errors.ts'

export const SIGN_IN_IN_CHINESE = [
  sentence(e.SignInRefused, () => '邮箱或密码不正确。'),
  sentence(e.PersonNeeded, () => '这与提出请求的人有关，而本机的命令行不代表任何人。请以本人身份登录。'),
  sentence(e.PasswordRefused, (d) => problemInChinese(d.problem)),
  sentence(e.CurrentPasswordWrong, () => '当前密码不正确，或你还没有密码。可以用重设密码的链接设置一个。'),
  sentence(e.NameRefused, (d) => problemInChinese(d.problem)),
  sentence(e.EmailMalformed, (d) => `“${d.email}”不是电子邮箱地址，例如 ada@example.com。`),
  sentence(e.SessionUnknown, (d) => `你没有会话 ${d.session}。`),
  sentence(e.SessionNotFresh, () => '添加通行密钥需要一小时之内的登录。请退出并重新登录，然后再添加。'),
  sentence(e.PasskeyUnknown, (d) => `你没有通行密钥 ${d.passkey}。`),
  sentence(
    e.PasskeyNotProved,
    () => '无法验证通行密钥：这里不认识它，用时超过了五分钟，或设备没有确认你的身份。请重试。',
  ),
  sentence(e.PasskeysTooMany, (d) => `你已有 ${d.most} 个通行密钥，达到上限。请先删除一个。`),
  sentence(
    e.PasskeysUnavailable,
    (d) => `浏览器在 ${d.publicUrl} 上不支持通行密钥：需要域名加 https，或 localhost。由运营者设置 PUBLIC_URL。`,
  ),
  sentence(e.LastWayIn, () => '这是你唯一的登录方式。请先设置密码或添加通行密钥。'),
  sentence(e.SsoUnavailable, () => '本平台没有单点登录。由运营者通过 OIDC_ISSUER 设置。'),
  sentence(e.SsoUnreachable, (d) => `${d.provider} 没有像单点登录的身份提供方那样答复。请重试，或换一种方式登录。`),
  sentence(e.PersonLinkInvalid, () => '此链接已失效：它已被使用，或已超过一小时。请重新索取。'),
]
