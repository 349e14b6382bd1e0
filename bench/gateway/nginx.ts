/**
 * nginx as the floor: it looks a bearer key up in a map and passes everything on, unbuffered, over kept connections. It
 * counts no token, keeps no record, and writes no log here.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, GATEWAY_CORE, spawnOn, stop } from './processes.ts'
import { answering, CLIENT_KEY, type Target } from './target.ts'

/** @returns null = this machine has none */
export async function startNginx(mockPort: number): Promise<Target | null> {
  const said = spawnSync('nginx', ['-v'], { encoding: 'utf8' })
  if (said.status !== 0) return null
  const root = mkdtempSync(join(tmpdir(), 'tw-nginx-'))
  const port = await freePort()
  const file = join(root, 'nginx.conf')
  writeFileSync(file, configuration(root, port, mockPort))
  const child = spawnOn(GATEWAY_CORE, 'nginx', ['-c', file, '-p', root, '-e', join(root, 'error.log')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  await answering(`http://127.0.0.1:${port}/`, () => child.exitCode === null)
  return {
    name: 'nginx',
    version: `${said.stderr.trim().replace('nginx version: ', '')}: one worker, bearer map, proxy_pass over kept connections, no log`,
    port,
    headers: { authorization: `Bearer ${CLIENT_KEY}` },
    pids: [child.pid as number],
    async stop() {
      await stop(child)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

// Bodies of 400 KB stay in memory: by default nginx writes them to a disk first, which would make it look worse.
const configuration = (root: string, port: number, mockPort: number) => `
daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid ${root}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_max_body_size 32m;
  client_body_buffer_size 1m;
  client_body_temp_path ${root}/body;
  proxy_temp_path ${root}/proxy;
  fastcgi_temp_path ${root}/fastcgi;
  uwsgi_temp_path ${root}/uwsgi;
  scgi_temp_path ${root}/scgi;
  keepalive_requests 1000000000;
  map $http_authorization $is_known { default 0; "Bearer ${CLIENT_KEY}" 1; }
  upstream mock { server 127.0.0.1:${mockPort}; keepalive 1024; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      if ($is_known = 0) { return 401; }
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`
