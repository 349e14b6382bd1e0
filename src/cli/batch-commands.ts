/** Commands on batches of requests. */
import { allRows } from './all-rows.ts'
import type { Command } from './commands.ts'
import { table } from './table.ts'

type Batch = {
  id: string
  status: string
  model: string | null
  endpoint: string
  created_at: string
  request_counts: { total: number; completed: number; failed: number }
  key: { id: string; name: string | null }
}

const toTheMinute = (time: string) => time.slice(0, 16).replace('T', ' ')

export const BATCH_COMMANDS: Command[] = [
  {
    words: 'batches list',
    takes: ['project'],
    says: 'List the batches of a project, by its id.',
    async run(control, [project = ''], _options, print) {
      const batches = await allRows<Batch>(control, '/api/batches', { project_id: project })
      if (batches.length === 0) return print('No batch yet. Clients make them with POST /v1/batches.')
      print(
        table(
          ['BATCH', 'STATUS', 'DONE', 'FAILED', 'OF', 'MODEL', 'KEY', 'MADE'],
          batches.map((one) => [
            one.id,
            one.status,
            String(one.request_counts.completed),
            String(one.request_counts.failed),
            String(one.request_counts.total),
            one.model ?? '',
            one.key.name ?? one.key.id,
            toTheMinute(one.created_at),
          ]),
        ),
      )
    },
  },
  {
    words: 'batches cancel',
    takes: ['id'],
    says: 'Cancel a batch. Answers that are there are kept.',
    async run(control, [id = ''], _options, print) {
      const { request_counts } = await control.ask<Batch>('POST', `/api/batches/${encodeURIComponent(id)}/cancel`)
      print(`${id} is being cancelled; ${request_counts.completed} of ${request_counts.total} requests were answered.`)
    },
  },
]
