/** What the errors of this house say in Chinese. */
import { sentence } from '../platform/sentences.ts'
import * as e from './errors.ts'

export const BATCHES_IN_CHINESE = [
  sentence(e.BatchUnknown, (d) => `此项目中没有批处理任务 ${d.batch}。`),
  sentence(e.InputUnknown, (d) => `此项目中没有文件 ${d.file}。请先以 purpose=batch 上传。`),
  sentence(
    e.InputPurposeWrong,
    (d) => `${d.file} 的上传用途是 ${d.purpose}。批处理任务只读取以 purpose=batch 上传的文件。`,
  ),
  sentence(e.WindowRefused, (d) => `“${d.window}”不是完成时限。请给出小时数，例如 24h，最多 ${d.hoursMax}h。`),
  sentence(
    e.TooManyBatches,
    (d) => `此项目有 ${d.batches} 个未结束的批处理任务，已达上限。请等待其中一个结束，或取消一个。`,
  ),
  sentence(e.BatchEnded, (d) => `${d.batch} 的状态是 ${d.status}，不能再取消。`),
  sentence(e.NoResults, (d) => `${d.batch} 没有 ${d.kind} 文件：任务未结束、没有这样的行，或文件已删除。`),
]
