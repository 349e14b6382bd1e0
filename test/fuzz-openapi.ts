/**
 * Requests made from our own OpenAPI document by Schemathesis, valid ones and nearly valid ones: nothing may answer that it
 * failed. What is sent on raw sockets is the soak's own (`soak/fuzz.ts`); this finds what a well-formed request can do.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenApiDocument } from '../src/control/docs/openapi.ts'
import type { Product } from './product.ts'
import { pythonWith } from './python-environment.ts'

export type OpenApiFuzzed = {
  requests: number
  byStatus: Record<string, number>
  /** `METHOD path: status code`, how often, and the first of them; empty = nothing failed. */
  findings: Record<string, { times: number; example: string }>
}

/** 5xx that say what is so: what an engine cannot do, and a worker that knows no keys yet. */
const DOCUMENTED: ReadonlySet<string> = new Set(['501 unsupported', '503 starting'])

/** Least that Schemathesis makes of each operation. */
const EACH_MIN = 2

/**
 * @param product that runs; its first key is sent with everything, and no session: paths of the console are refused, or say
 *   what they say to whoever asks
 * @param cases about how many; Schemathesis counts by operation
 * @returns what was found, or what is missing on this machine
 */
export async function fuzzOpenApi(
  product: Product,
  cases: number,
  seed = 1,
): Promise<OpenApiFuzzed | { missing: string }> {
  const python = pythonWith('schemathesis', join(import.meta.dirname, 'python/schemathesis-requirements.txt'))
  if ('missing' in python) return python
  const document = (await (await fetch(`${product.url}/openapi.json`)).json()) as OpenApiDocument
  const operations = Object.values(document.paths).reduce((sum, path) => sum + Object.keys(path).length, 0)
  const folder = mkdtempSync(join(tmpdir(), 'tw-schemathesis-'))
  try {
    const events = join(folder, 'events.ndjson')
    await run(join(python.path, '../schemathesis'), [
      ...[
        'run',
        `${product.url}/openapi.json`,
        '--url',
        product.url,
        '--header',
        `Authorization:Bearer ${product.key}`,
      ],
      // Else whatever changes something is refused for where it comes from, before it is read.
      ...['--header', `Origin:${product.url}`],
      ...['--phases', 'fuzzing', '--max-examples', String(Math.max(EACH_MIN, Math.ceil(cases / operations)))],
      ...['--checks', 'not_a_server_error', '--continue-on-failure', '--no-shrink', '--seed', String(seed)],
      ...['--workers', '2', '--request-timeout', '20', '--suppress-health-check', 'all', '--warnings', 'off'],
      ...['--generation-database', 'none', '--report', 'ndjson', '--report-ndjson-path', events, '--no-color'],
    ])
    return readEvents(readFileSync(events, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Resolves when it has ended; it exits with 1 where a check failed, which the report tells better. */
function run(command: string, argv: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-4_000)
      })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0 || code === 1) resolve()
      else reject(new Error(`Schemathesis ended with ${code}: ${said}`))
    })
  })
}

type Interaction = {
  request: { method: string; uri: string; body?: { $base64: string } | null }
  response: { status_code: number; content?: { $base64: string } | null } | null
}

/** Schemathesis' own report: a line of JSON for each event, of which those that end an operation hold what was sent. */
export function readEvents(ndjson: string): OpenApiFuzzed {
  const done: OpenApiFuzzed = { requests: 0, byStatus: {}, findings: {} }
  for (const line of ndjson.split('\n')) {
    if (!line.startsWith('{"ScenarioFinished"')) continue
    const { label, interactions } = JSON.parse(line).ScenarioFinished.recorder as {
      label: string
      /** null where nothing could be made for this operation. */
      interactions: Record<string, Interaction> | null
    }
    for (const { request, response } of Object.values(interactions ?? {})) {
      done.requests++
      const status = response === null ? 'no answer' : String(response.status_code)
      done.byStatus[status] = (done.byStatus[status] ?? 0) + 1
      if (response !== null && (response.status_code < 500 || DOCUMENTED.has(`${status} ${codeIn(response)}`))) continue
      const what = `${label}: ${status} ${response === null ? '' : codeIn(response)}`.trimEnd()
      const example = `${request.method} ${request.uri} ${textIn(request.body)}`.slice(0, 2_000)
      done.findings[what] ??= { times: 0, example }
      done.findings[what].times++
    }
  }
  return done
}

function textIn(bytes: { $base64: string } | null | undefined): string {
  return bytes ? Buffer.from(bytes.$base64, 'base64').toString() : ''
}

/** In whichever dialect; '' = it says none. */
function codeIn({ content }: NonNullable<Interaction['response']>): string {
  return /"code": ?"([^"]*)"/.exec(textIn(content))?.[1] ?? ''
}
