/** What the errors of this house say in Chinese. */
import { sentence } from '../platform/sentences.ts'
import * as e from './errors.ts'

export const SAFETY_IN_CHINESE = [
  sentence(e.PatternRefused, (d) => `规则 ${d.rule} 的表达式不可用：${d.trouble}（第 ${d.at} 个字符）。`),
  sentence(e.RuleNameTwice, (d) => `有两条规则都叫 ${d.rule}。请为每条规则取不同的名称。`),
  sentence(e.RulesTooLarge, (d) => `展开重复后，所有规则共有 ${d.size} 个部分，最多 ${d.sizeMax} 个。`),
  sentence(e.GuardNotNamed, () => '请指定负责审核的模型。'),
  sentence(e.ModeratorNotChosen, () => '只有选择了审核方式（关键词或模型），才能审核请求和回答。'),
]
