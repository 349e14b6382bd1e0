/** What is said about backups in Chinese. Why an archive is refused stays as its check says it. */
import { sentence } from '../../platform/sentences.ts'
import * as e from './errors.ts'

const KINDS: Readonly<Record<string, string>> = { create: '备份', check: '检查', upload: '上传', restore: '恢复' }

export const BACKUPS_IN_CHINESE = [
  sentence(
    e.BackupIsPostgres,
    () => '本平台的数据保存在 PostgreSQL 中：请用 pg_dump 备份、用 pg_restore 恢复，并复制权重文件夹。',
  ),
  sentence(e.BackupUnknown, (d) => `没有备份 ${d.backup}。`),
  sentence(
    e.BackupBusy,
    (d) => `备份正在进行另一项操作（${KINDS[d.kind] ?? d.kind}，已 ${Math.round(d.sinceMs / 1_000)} 秒）。请等它结束。`,
  ),
  sentence(e.BackupDamaged, (d) => `备份已损坏：${d.reason}。没有任何改变。`),
  sentence(e.BackupForeign, (d) => `这不是 Tradewind 的备份：${d.reason}。没有任何改变。`),
  sentence(e.BackupHostile, (d) => `其中含有备份不会有的内容：${d.reason}。没有任何改变。`),
  sentence(e.BackupNewer, (d) => `此版本不能使用该备份：${d.reason}。没有任何改变。`),
  sentence(e.BackupTooLarge, (d) => `备份最多 ${d.bytesMax} 字节，而这一份更长。`),
  sentence(
    e.BackupDiskShort,
    (d) =>
      `数据文件夹所在磁盘约需 ${d.neededBytes} 字节，而可用 ${Math.max(0, Math.floor(d.freeBytes))} 字节。请释放空间，或删除较早的备份。`,
  ),
  sentence(e.BackupCheckEnded, (d) => `无法检查备份：${d.reason}。没有任何改变。请重试。`),
]
