/** A PostgreSQL of our own on a Unix socket, where one is installed. Started as root it runs as user `postgres`. */
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type ScratchPostgres = { url: string; version: string; stop(): void }

/** @returns null where none is installed */
export function startPostgres(): ScratchPostgres | null {
  const bin = globSync('/usr/lib/postgresql/*/bin').sort().at(-1)
  if (bin === undefined || !existsSync(join(bin, 'initdb'))) return null
  const folder = mkdtempSync(join(tmpdir(), 'tw-bench-postgres-'))
  const isRoot = process.getuid?.() === 0
  const run = (program: string, parameters: string[]) => {
    const command = join(bin, program)
    const [file, all] = isRoot ? ['runuser', ['-u', 'postgres', '--', command, ...parameters]] : [command, parameters]
    return execFileSync(file, all, { cwd: tmpdir(), encoding: 'utf8', stdio: ['ignore', 'ignore', 'inherit'] })
  }
  if (isRoot) {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
    chownSync(folder, id('-u'), id('-g'))
  }
  const data = join(folder, 'data')
  try {
    run('initdb', [`--pgdata=${data}`, '--auth=trust', '--encoding=UTF8', '--username=postgres'])
    const options = `-c listen_addresses= -c unix_socket_directories=${folder}`
    run('pg_ctl', [`--pgdata=${data}`, `--log=${join(folder, 'log')}`, '--wait', `--options=${options}`, 'start'])
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return {
    url: `postgres://postgres@localhost/postgres?host=${folder}`,
    version: bin.split('/').at(-2) ?? '',
    stop() {
      run('pg_ctl', [`--pgdata=${data}`, '--mode=immediate', '--wait', 'stop'])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
