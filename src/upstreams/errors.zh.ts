/** What the errors of this house say in Chinese. */
import { sentence } from '../platform/sentences.ts'
import * as e from './errors.ts'

const URL_TROUBLE: Readonly<Record<e.UrlTrouble, string>> = {
  form: '这不是 URL。请写成 https://host/path。',
  scheme: 'URL 必须以 https:// 或 http:// 开头。',
  credentials: 'URL 中含有用户名或密码。请把密钥填在专用字段中。',
  more: 'URL 必须以路径结尾：请去掉 ? 或 # 开头的部分。',
  operation: '这是某个操作的 URL。请填写其中 /v1 之前的部分。',
  private_address: '此地址属于本机或其网络。请注明此上游位于专用网络。',
  forbidden_address: '此地址是链路本地、组播或元数据服务的地址，这里从不访问。',
}

export const UPSTREAMS_IN_CHINESE = [
  sentence(e.UpstreamUnknown, (d) => `没有上游 ${d.upstream}。`),
  sentence(e.UpstreamNameTaken, (d) => `已有名为 ${d.name} 的上游。`),
  sentence(e.ModelNameTaken, (d) => `已有模型名为 ${d.model}。请另选名称。`),
  sentence(e.UrlRefused, (d) => URL_TROUBLE[d.reason]),
  sentence(
    e.CredentialRefused,
    (d) =>
      ({
        missing: '这种凭据需要密钥。',
        form: '密钥只能由可见字符组成，不含空格。',
        header: '密钥需要一个可以携带它的请求头名称，例如 api-key。',
        unwanted: '提供了密钥，但此上游注明不需要凭据。',
        elsewhere: '此上游将换到另一台主机。请重新填写密钥：它将发往该主机。',
      })[d.reason],
  ),
  sentence(e.TooManyUpstreams, (d) => `已有 ${d.upstreams} 个上游，达到上限。请删除一些。`),
]
