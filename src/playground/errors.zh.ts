/** What the errors of this house say in Chinese. */
import { sentence } from '../platform/sentences.ts'
import * as e from './errors.ts'

export const PLAYGROUND_IN_CHINESE = [
  sentence(e.SessionUnknown, (d) => `没有试用会话 ${d.session}。`),
  sentence(
    e.SessionChanged,
    (d) => `${d.session} 期间已被他人保存：你从版本 ${d.revision} 开始，现在是版本 ${d.newer}。`,
  ),
  sentence(
    e.DocumentTooLarge,
    (d) => `此会话的 JSON 长 ${d.bytes} 字节，最多保存 ${d.bytesMax} 字节。请删除其中的分支，或在新会话中继续。`,
  ),
  sentence(e.DocumentRefused, (d) => `${d.path} 不可用：${d.reason}。`),
  sentence(e.TooManySessions, (d) => `此项目已有 ${d.sessions} 个保存的会话，达到上限。请删除一些。`),
]
