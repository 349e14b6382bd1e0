/** What the errors of this house say in Chinese. What an engine itself says stays as it says it. */
import { sentence } from '../platform/sentences.ts'
import * as e from './errors.ts'
import { gigabytes } from './gigabytes.ts'

export const ENGINES_IN_CHINESE = [
  sentence(
    e.MemoryExceeded,
    (d) =>
      `${d.model} 在这里约需 ${gigabytes(d.neededBytes)}；可供模型使用的 ${gigabytes(d.budgetBytes)} 中只有 ${gigabytes(d.freeBytes)} 可用。请卸载另一个模型，或选择更小的模型。`,
  ),
  sentence(
    e.ContextTooLong,
    (d) => `${d.model} 的上下文最多 ${d.longestTokens} 词元，而要求的是 ${d.wantedTokens}。没有任何改变。`,
  ),
  sentence(e.ModelNotServable, (d) => `${d.model} 无法加载：${d.reason}`),
  sentence(e.EngineCrashed, (d) => `${d.model} 的引擎在加载时结束了 ${d.times} 次，不再自动重试。其日志：${d.logPath}`),
  sentence(e.EngineRefused, (d) => `${d.model} 的引擎拒绝：${d.reason}`),
  sentence(
    e.AdaptersUnsupported,
    (d) => `${d.model} 由 llama.cpp 自带的服务器运行，它不能为每个请求选择适配器。请清除 LLAMA_SERVER 以使用内置引擎。`,
  ),
  sentence(
    e.LlamaServerMissing,
    (d) => `LLAMA_SERVER 是“${d.named}”，但那里没有 llama.cpp 服务器。请安装它，或清除此设置以使用内置引擎。`,
  ),
]
