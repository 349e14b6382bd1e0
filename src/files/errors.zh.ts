/** What the errors of this house say in Chinese. */
import { sentence } from '../platform/sentences.ts'
import * as e from './errors.ts'
import { EXPIRES_S_MAX, EXPIRES_S_MIN, UPLOAD_PURPOSES } from './purposes.ts'

const TROUBLES: Record<e.UploadRefused['data']['trouble'], string> = {
  'no-form': '请以表单发送文件：multipart/form-data，包含字段 `purpose` 和 `file`。',
  'broken-form': '表单不完整，或不是表单。',
  'no-file': '表单的 `file` 字段中没有文件。',
  purpose: `字段 \`purpose\` 必须是 ${UPLOAD_PURPOSES.join('、')} 之一。`,
  anchor: '字段 `expires_after[anchor]` 必须是 created_at。',
  seconds: `字段 \`expires_after[seconds]\` 必须是 ${EXPIRES_S_MIN} 到 ${EXPIRES_S_MAX} 之间的整数。`,
}

export const FILES_IN_CHINESE = [
  sentence(e.FileUnknown, (d) => `此项目中没有文件 ${d.file}。`),
  sentence(e.FileTooLarge, (d) => `此处单个文件最多 ${d.bytesMax} 字节。请拆分文件，或请运维人员调高 FILE_MB。`),
  sentence(
    e.ProjectFilesFull,
    (d) => `此项目的文件已占 ${d.bytes} 字节，加上此文件将超过上限 ${d.bytesMax} 字节。请删除一些文件。`,
  ),
  sentence(e.DiskFull, (d) =>
    d.freeBytes === null
      ? '接收文件时磁盘已满，没有保留任何内容。'
      : `此安装的磁盘仅剩 ${d.freeBytes} 字节，放不下此文件。`,
  ),
  sentence(e.UploadRefused, (d) => TROUBLES[d.trouble]),
  sentence(e.RangeUnsatisfiable, (d) => `文件只有 ${d.sizeBytes} 字节，请求的范围在其之后。`),
]
