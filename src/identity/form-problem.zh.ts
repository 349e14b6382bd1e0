/** What can be wrong with a field of a form, in Chinese. */
import type { FormProblem } from './form-problem.ts'

export function problemInChinese(problem: FormProblem): string {
  switch (problem.kind) {
    case 'name_missing':
      return '请填写你的姓名。'
    case 'organization_missing':
      return '请填写组织名称；填你自己的名字也可以。'
    case 'name_not_plain':
      return '请使用单行普通文字，不含控制字符。'
    case 'email_missing':
      return '请填写电子邮箱：登录时使用。'
    case 'email_malformed':
      return '这不是电子邮箱地址，例如 ada@example.com。'
    case 'password_is_email':
      return '请不要用电子邮箱作密码。'
    case 'password_too_simple':
      return '请使用三个以上不同的字符。'
    case 'too_short':
      return `至少要有 ${problem.lengthMin} 个字符${problem.length > 0 ? `，现在是 ${problem.length} 个` : ''}。`
    case 'too_long':
      return `最多 ${problem.lengthMax} 个字符，现在是 ${problem.length} 个。`
    default:
      return problem satisfies never
  }
}
