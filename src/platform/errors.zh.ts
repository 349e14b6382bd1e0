/** What the platform's own errors say in Chinese, and what Fastify refuses by itself. */
import { MailFailed, MailNotConfigured } from './mail.ts'
import { CursorMalformed } from './paging.ts'
import { sentence } from './sentences.ts'
import { JsonNotUtf8, TextUnsound } from './sound-text.ts'

export const PLATFORM_IN_CHINESE = [
  sentence(
    TextUnsound,
    (d) => `${d.param ? `${d.param} 的文本` : '请求中某个名称的文本'}含有 NUL 字符或不完整的代理对。请删去后重试。`,
  ),
  sentence(JsonNotUtf8, () => '请求体不是有效的 JSON：其中有不属于 UTF-8 的字节。'),
  sentence(CursorMalformed, (d) => `“${d.cursor}”不是此列表某一页的结尾。请使用之前回答中的 \`next\`。`),
  sentence(MailNotConfigured, () => '本平台没有邮件服务器，因此无法发送。由运营者在 SMTP_URL 和 MAIL_FROM 中设置。'),
  sentence(MailFailed, () => '本平台的邮件服务器没有接收这封邮件。没有发送任何内容。'),
]

/** By Fastify's own codes. */
export const FASTIFY_IN_CHINESE: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: '请求体过大。请减少内容后重试。',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: '请求体必须是 JSON。请发送 Content-Type: application/json。',
  FST_ERR_CTP_EMPTY_JSON_BODY: '请求体是空的。请发送一个 JSON 对象。',
  FST_ERR_CTP_INVALID_JSON_BODY: '请求体不是有效的 JSON。请发送一个 JSON 对象。',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: '请求体的长度与 Content-Length 不符。请重新发送。',
}

export const INTERNAL_IN_CHINESE = '这里出错了。日志中有此请求编号的记录。'

export function noRouteInChinese(method: string, path: string): string {
  return `这里没有 ${method} ${path}。全部接口列在 /docs。`
}
