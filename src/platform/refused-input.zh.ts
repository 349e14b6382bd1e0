/** Words of `refused-input.ts` in Chinese. Pure module. */
import type { RefusalWords } from './refused-input.ts'

const PLACES: Readonly<Record<string, string>> = {
  body: '请求体',
  querystring: '查询参数',
  params: '路径',
  headers: '请求头',
}

const TYPES: Readonly<Record<string, string>> = {
  string: '字符串',
  number: '数字',
  integer: '整数',
  boolean: ' true 或 false',
  object: '对象',
  array: '数组',
  null: ' null',
}

const COMPARISONS: Readonly<Record<string, string>> = { '>=': '不小于', '<=': '不大于', '>': '大于', '<': '小于' }

const listed = (values: unknown[]) => values.map((value) => String(value)).join('、')
const typesOf = (type: unknown) => [type].flat().map((one) => TYPES[String(one)] ?? String(one))
const compared = (p: Record<string, unknown>) =>
  `必须${COMPARISONS[String(p.comparison)] ?? String(p.comparison)} ${p.limit}`

export const REFUSALS_IN_CHINESE: RefusalWords = {
  subject: (place, field) => `${PLACES[place] ?? '请求'}${field === '' ? '' : `的 ${field} `}`,
  says: {
    required: (p) => `缺少 ${p.missingProperty}`,
    additionalProperties: (p) => `不能有 ${p.additionalProperty}`,
    type: (p) => `必须是${typesOf(p.type).join('或')}`,
    minLength: (p) => `至少要有 ${p.limit} 个字符`,
    maxLength: (p) => `最多 ${p.limit} 个字符`,
    pattern: (p) => `必须符合格式 ${p.pattern}`,
    format: (p) => `必须是 ${p.format} 格式`,
    enum: (p) => `只能是 ${listed([p.allowedValues].flat())}`,
    const: (p) => `只能是 ${p.allowedValue}`,
    minimum: compared,
    maximum: compared,
    exclusiveMinimum: compared,
    exclusiveMaximum: compared,
    multipleOf: (p) => `必须是 ${p.multipleOf} 的倍数`,
    minItems: (p) => `至少要有 ${p.limit} 项`,
    maxItems: (p) => `最多 ${p.limit} 项`,
    uniqueItems: (p) => `第 ${Number(p.j) + 1} 项与第 ${Number(p.i) + 1} 项不能相同`,
    minProperties: (p) => `至少要有 ${p.limit} 个字段`,
    maxProperties: (p) => `最多 ${p.limit} 个字段`,
    propertyNames: (p) => `字段名 ${p.propertyName} 不可用`,
  },
  join: (said) => `${said.join('，或')}。`,
}
