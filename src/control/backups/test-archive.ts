/** Tars for tests, also such as no honest program writes. */
import { gzipSync } from 'node:zlib'

export type EntryToWrite = {
  name: string
  /** As tar has it: '0' a file, '5' a folder, '2' a symbolic link … Default '0'. */
  type?: string
  content?: string | Buffer
  /** What the header says, where that is not the truth. */
  bytesSaid?: number
  checksumOff?: number
}

export function tarOf(entries: EntryToWrite[], { ends = true }: { ends?: boolean } = {}): Buffer {
  const parts = entries.flatMap(({ name, type = '0', content = '', bytesSaid, checksumOff = 0 }) => {
    const data = Buffer.from(content)
    const header = Buffer.alloc(512)
    header.write(name, 0, 100, 'utf8')
    header.write('0000600\0', 100)
    header.write(`${(bytesSaid ?? data.length).toString(8).padStart(11, '0')}\0`, 124)
    header.write('        ', 148)
    header.write(type, 156)
    header.write('/etc/passwd', 157) // where a link would lead
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, checksumOff)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]
  })
  return Buffer.concat([...parts, ...(ends ? [Buffer.alloc(1024)] : [])])
}

export function archiveOf(entries: EntryToWrite[], options: { ends?: boolean } = {}): Buffer {
  return gzipSync(tarOf(entries, options))
}

/** What makes a folder look like a database, from outside. */
export const LOOKS_LIKE_A_DATABASE: EntryToWrite[] = [
  { name: 'PG_VERSION', content: '18\n' },
  { name: 'global', type: '5' },
  { name: 'global/pg_control', content: Buffer.alloc(8192) },
]
