/** Batches for the demonstration: one that is done, with a line that failed, and one whose lines cannot be. */
import type { Product } from '../product.ts'

/** @returns the id of the one that is done */
export async function bringBatches(product: Product, model: string): Promise<string> {
  const client = product.openai()
  const line = (customId: string, more: object = {}) => {
    const messages = [{ role: 'user', content: 'One word: is this ticket about a bill or a parcel?' }]
    const body = { model, max_tokens: 8, messages, ...more }
    return JSON.stringify({ custom_id: customId, method: 'POST', url: '/v1/chat/completions', body })
  }
  const make = async (name: string, lines: string[]) => {
    const file = await client.files.create({ file: new File([lines.join('\n')], name), purpose: 'batch' })
    const wanted = { input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const
    return (await client.batches.create(wanted)).id
  }
  await make('tickets-broken.jsonl', [line('ticket-1'), line('ticket-1'), 'ticket-2'])
  const id = await make('tickets-november.jsonl', [line('ticket-1'), line('ticket-2', { max_tokens: -1 })])
  await product.until('the batch is done', async () => (await client.batches.retrieve(id)).status === 'completed')
  return id
}
