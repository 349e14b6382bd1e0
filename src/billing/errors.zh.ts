/** What the errors of this house say in Chinese. */
import { sentence } from '../platform/sentences.ts'
import * as e from './errors.ts'

export const BILLING_IN_CHINESE = [
  sentence(e.TimeZoneUnknown, (d) => `没有时区“${d.timeZone}”。请使用 IANA 列表中的名称，例如 Asia/Shanghai。`),
  sentence(e.RangeEmpty, (d) => `时间范围的结束 ${d.to} 不晚于开始 ${d.from}。请更改其中之一。`),
  sentence(
    e.TooManySteps,
    (d) => `按 ${d.step} 划分，此范围有 ${d.steps} 段；一次最多回答 ${d.most} 段。请用更长的间隔或更短的范围。`,
  ),
  sentence(e.RequestUnknown, (d) => `没有请求 ${d.request} 的记录。`),
  sentence(e.ContentNotKept, (d) => `没有保留请求 ${d.request} 的内容：其项目不保留内容，或内容已被删除。`),
]
