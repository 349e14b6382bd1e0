/** What the errors of this house say in Chinese. */
import { sentence } from '../platform/sentences.ts'
import * as e from './errors.ts'

const TASKS: Readonly<Record<string, string>> = { chat: '对话', embedding: '向量', rerank: '重排', moderation: '审核' }

export const DEPLOYMENTS_IN_CHINESE = [
  sentence(e.NoWeights, (d) => `${d.model} 的权重还不在这里。请先下载：npm run tradewind -- models pull ${d.model}`),
  sentence(e.ModelNotServed, (d) => `${d.model} 是${TASKS[d.task] ?? ` ${d.task} `}模型，这里目前没有可运行它的引擎。`),
  sentence(e.AdapterUnknown, (d) => `没有适配器 ${d.name}。`),
  sentence(e.NameTaken, (d) => `名称 ${d.name} 已用于另一个模型或适配器。请另取一个。`),
  sentence(e.ReplicaUnknown, (d) => `没有副本 ${d.replica}。重启或重新加载后，副本会有新的编号。`),
  sentence(e.TooManyStreams, (d) => `你已打开 ${d.most} 个事件流，达到上限。请关闭一个页面后重试。`),
]
