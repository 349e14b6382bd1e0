/** The command line against the running product: every command, as an operator would type it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { COMMANDS } from '../src/cli/commands.ts'
import { startModelsServer } from '../src/upstreams/models-server.ts'
import { type HubStandIn, startHubStandIn } from './hub-stand-in.ts'
import { testAdapter, testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

const CLI = join(import.meta.dirname, '../src/cli/main.ts')
const REPOSITORY = 'acme/tiny'

let hub: HubStandIn
let product: Product
let qwen: string

before(async () => {
  qwen = await testModel('qwen3')
  hub = await startHubStandIn()
  hub.put(REPOSITORY, 'quick.gguf', readFileSync(qwen))
  hub.put(REPOSITORY, 'slow.gguf', readFileSync(await testModel('deepseek-v3')))
  product = await startProduct({ starter: false, environment: { HF_ENDPOINT: hub.url } })
})
after(async () => {
  await product.stop()
  await hub.close()
})

type Ran = { exitCode: number | null; out: string; complaint: string }

async function run(words: string[], environment: Record<string, string> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, ...words], {
    env: { ...process.env, ...product.environment, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, complaint] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const [exitCode] = await once(child, 'close')
  return { exitCode, out, complaint }
}

/** Commands that did what they were asked; the last test holds them against the list of commands. */
const worked = new Set<string>()

async function does(command: string, ...rest: string[]): Promise<string> {
  const { exitCode, out, complaint } = await run([...command.split(' '), ...rest])
  assert.equal(exitCode, 0, complaint)
  assert.equal(complaint, '')
  worked.add(command)
  return out
}

async function refuses(words: string[], complaint: RegExp, environment: Record<string, string> = {}): Promise<void> {
  const ran = await run(words, environment)
  assert.equal(ran.exitCode, 1)
  assert.match(ran.complaint, complaint)
  assert.doesNotMatch(ran.complaint, /\.ts:\d+/, 'a stack is not for a person')
}

describe('models', () => {
  it('are listed, with what is here and what fits', async () => {
    const all = await does('models list')
    assert.match(all, /^MODEL +TASK +STATE +FIT +NEEDS ≥ +TOKENS\/S\n/)
    assert.match(all, /^smollm2-135m-instruct +chat +not-here +fits/m)
    assert.match(all, /^deepseek-v3 .*does not fit/m)
    assert.doesNotMatch(await does('models list', '--fits'), /does not fit/)
    assert.match(await does('models list', '--here'), /^No model\. Get one with/)
  })

  it('say whether they fit and what would serve them', async () => {
    assert.match(
      await does('models fit', 'smollm2-135m-instruct'),
      /^SmolLM2-135M-Instruct: fits\. .+\n(.*\n)?Licence: Apache/,
    )
    assert.match(await does('models fit', 'deepseek-v3'), /does not fit\. .+[\s\S]*Served by: /)
  })

  it('are pulled from a hub and imported from a file', async () => {
    assert.match(
      await does('models pull', `hf:${REPOSITORY}/quick.gguf`, '--as', 'pulled'),
      /Fetching pulled from [\s\S]*pulled is here/,
    )
    assert.match(await does('models import', qwen, 'tiny'), /tiny is here \(534 kB\)/)
    assert.match(await does('models list', '--here'), /^pulled .+\ntiny /m)
  })

  it('are loaded as wished, and unloaded', async () => {
    assert.match(
      await does('models load', 'tiny', '--context', '512', '--sequences', '2'),
      /^tiny is loaded: 2 requests at once, 512 tokens of context each, \d+ MB\.$/m,
    )
    assert.match(await does('status'), /^tiny +ready +512 +2 /m)
    assert.equal((await does('models unload', 'tiny')).trim(), 'tiny is unloaded.')
    assert.match(await does('status'), /^Engines: +none$/m)
  })

  it('get adapters and lose them', async () => {
    assert.match(
      await does('adapters add', 'tuned', 'tiny', await testAdapter(qwen), '--scale', '0.5'),
      /^tuned answers on tiny\.$/m,
    )
    await product.until('it has a route', async () =>
      (await product.openai().models.list()).data.some(({ id }) => id === 'tuned'),
    )
    assert.match(await does('adapters remove', 'tuned'), /^tuned is removed\.$/m)
  })

  it('are deleted', async () => {
    assert.match(await does('models delete', 'pulled'), /^The weights of pulled are deleted\.$/m)
    assert.doesNotMatch(await does('models list', '--here'), /pulled/)
  })

  it('errors carry a sentence and a code', async () => {
    await refuses(
      ['models', 'load', 'nobody-knows'],
      /There is no model "nobody-knows" here.*\(catalog\.model_unknown\)/,
    )
    await refuses(['models', 'load', 'smollm2-135m-instruct'], /not here yet.*\(deployments\.no_weights\)/)
    await refuses(['models', 'import', CLI, 'script'], /is refused: .*\(catalog\.not_weights\)/)
    await refuses(['models', 'pull', `hf:${REPOSITORY}/none.gguf`], /\(catalog\.file_missing\)/)
    await refuses(['adapters', 'remove', 'nobody'], /There is no adapter nobody\. \(deployments\.adapter_unknown\)/)
  })
})

describe('pulls', () => {
  it('go on without their command, pause, resume and are given up', async () => {
    hub.trouble.chunkBytes = 500
    assert.match(await does('models pull', `hf:${REPOSITORY}/slow.gguf`, '--detach'), /It goes on by itself/)
    const list = await does('pulls list')
    const id = /^(pull_\w+) +slow +running/m.exec(list)?.[1]
    assert.ok(id, list)
    assert.equal((await does('pulls pause', id)).trim(), `${id} is paused.`)
    assert.match((await does('pulls resume', id)).trim(), new RegExp(`^${id} is (queued|running)\\.$`))
    assert.equal((await does('pulls cancel', id)).trim(), `${id} is cancelled.`)
    assert.match(await does('pulls list'), new RegExp(`^${id} +slow +cancelled`, 'm'))
    await refuses(['pulls', 'resume', id], /\(catalog\.\w+\)/)
    await refuses(['pulls', 'pause', 'pull_nobody'], /There is no pull pull_nobody\. \(catalog\.pull_unknown\)/)
  })
})

describe('keys', () => {
  it('are made, shown once, listed without their secret, and revoked', async () => {
    const made = await does(
      'keys create',
      'app',
      '--models',
      'tiny, smollm2-135m-instruct',
      '--scopes',
      'models.read',
      '--expires',
      '2199-01-31',
    )
    const [secret = ''] = made.split('\n')
    assert.match(secret, /^sk-tw-\S{20,}$/)
    const id = /Its id is (key_\w+)/.exec(made)?.[1] ?? ''
    const client = product.openai({ apiKey: secret })
    assert.deepEqual(
      (await client.models.list()).data.map((model) => model.id),
      ['tiny'],
    )
    const list = await does('keys list')
    assert.match(list, new RegExp(`^${id} +app +sk-tw-.+… *.+live +tiny, smollm2-135m-instruct`, 'm'))
    assert.ok(!list.includes(secret))
    assert.equal((await does('keys revoke', id)).trim(), `${id} is revoked.`)
    await assert.rejects(client.models.list(), { status: 401, code: 'invalid_api_key' })
    assert.match(await does('keys list'), new RegExp(`^${id} .+revoked`, 'm'))
  })

  it('are changed, and get a new secret while the old one goes on or not', async () => {
    const made = await does('keys create', 'worker', '--ips', '10.1.2.3/8, ::1')
    const [first = ''] = made.split('\n')
    const id = /Its id is (key_\w+)/.exec(made)?.[1] ?? ''
    const by = (apiKey: string) => product.openai({ apiKey }).models.list()
    await assert.rejects(by(first), { status: 403, code: 'ip_not_authorized' })
    assert.match(await does('keys list'), new RegExp(`^${id} +worker .+ 10\\.0\\.0\\.0/8, ::1 `, 'm'))
    assert.equal(
      (
        await does('keys update', id, '--name', 'night', '--ips', 'all', '--models', 'tiny', '--expires', '2199-01-31')
      ).trim(),
      `${id} is called night, may name tiny, may come from anywhere, and ends 2199-01-31 23:59 UTC.`,
    )
    assert.match(await does('keys update', id, '--models', 'all', '--expires', 'never'), /all models.+never ends/)
    await by(first)

    assert.match(
      await does('keys limits', id, '--requests-per-minute', '100', '--concurrency', '5'),
      /100 requests per minute, 5 requests at once\.$/m,
    )
    assert.match(await does('keys limits', id, '--concurrency', 'none'), /: 100 requests per minute\.$/m)
    assert.match(await does('keys limits', id), /: 100 requests per minute\.$/m)
    await refuses(['keys', 'limits', id, '--concurrency', '0'], /is no limit/)
    const { data } = await product.get<{ data: { id: string; organization_id: string }[] }>('/api/projects')
    const [project] = data
    const ofProject = await does('projects limits', project?.id ?? '', '--tokens-per-minute', '1000000')
    assert.match(ofProject, /: 1000000 tokens per minute\.$/m)
    const ofOrganization = await does('organizations limits', project?.organization_id ?? '')
    assert.match(ofOrganization, /: no limit of its own\.$/m)

    const rotated = await does('keys rotate', id, '--overlap', '90m')
    const [second = ''] = rotated.split('\n')
    assert.match(rotated, /The old secret works until \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$/m)
    await Promise.all([by(first), by(second)])
    const [third = ''] = (await does('keys rotate', id, '--overlap', '0')).split('\n')
    await by(third)
    for (const old of [first, second]) await assert.rejects(by(old), { status: 401, code: 'invalid_api_key' })

    await refuses(['keys', 'update', id], /Name what to change/)
    await refuses(
      ['keys', 'update', id, '--ips', 'example.com'],
      /"example\.com" is no IP address.*\(identity\.ip_range_invalid\)/,
    )
    await refuses(['keys', 'rotate', id, '--overlap', 'soon'], /"soon" is no time/)
    await refuses(['keys', 'rotate', id, '--overlap', '8d'], /\(invalid_request\)/)
    await does('keys revoke', id)
    await refuses(['keys', 'rotate', id], /is revoked, which is for ever.*\(identity\.key_ended\)/)
  })

  it('errors carry a sentence and a code', async () => {
    await refuses(['keys', 'revoke', 'key_nobody'], /\(identity\.key_unknown\)/)
    await refuses(['keys', 'create', 'app', '--scopes', 'everything'], /\(invalid_request\)/)
    await refuses(['keys', 'create', 'app', '--expires', 'tomorrow'], /"tomorrow" is no day/)
    await refuses(['keys', 'create', 'app', '--expires', '2199-02-30'], /"2199-02-30" is no day/)
  })
})

describe('people', () => {
  it('who lost the password gets a link that sets a new one, once', async () => {
    const made = await does('people reset', 'ada@example.com')
    const [link = ''] = made.split('\n')
    assert.ok(link.startsWith(`${product.url.replace('127.0.0.1', 'localhost')}/reset-password?token=`), made)
    const reset = (password: string) =>
      fetch(`${product.url}/api/auth/password-reset`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: product.url },
        body: JSON.stringify({ token: new URL(link).searchParams.get('token'), password }),
      })
    assert.equal((await reset('a password from the link')).status, 200)
    assert.equal((await reset('a password of somebody else')).status, 410)
    const signedIn = await fetch(`${product.url}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: product.url },
      body: JSON.stringify({ email: 'ada@example.com', password: 'a password from the link' }),
    })
    assert.equal(signedIn.status, 200)
  })

  it('errors carry a sentence and a code', async () => {
    await refuses(['people', 'reset', 'nobody@example.com'], /\(identity\.person_unknown\)/)
    await refuses(['people', 'reset'], /Use it as: npm run tradewind -- people reset <email>/)
  })
})

describe('projects', () => {
  it('are listed, and may be told to keep prompts off the disk or not', async () => {
    const id = /^(proj_\w+) +First project +never$/m.exec(await does('projects list'))?.[1] ?? ''
    assert.match(await does('projects content-on-disk', id, 'allow'), /may be kept on disk\.$/m)
    assert.match(await does('projects list'), new RegExp(`^${id} +First project +allowed$`, 'm'))
    assert.match(await does('projects content-on-disk', id, 'never'), /on no disk any more\.$/m)
    await refuses(['projects', 'content-on-disk', id, 'perhaps'], /Say allow or never\./)
    await refuses(['projects', 'content-on-disk', 'proj_nobody', 'allow'], /\(identity\.project_unknown\)/)
  })
})

describe('upstreams', () => {
  it('are added with a secret that no list of processes shows, looked at, listed and removed', async () => {
    const theirs = await startModelsServer()
    theirs.lists({ id: 'one' })
    try {
      assert.match(await does('upstreams list'), /No upstream yet/)
      process.env.THEIR_KEY = 'sk-theirs-1234567890'
      const added = await does(
        'upstreams add',
        'vendor',
        'openai',
        theirs.url,
        '--secret-env',
        'THEIR_KEY',
        '--private',
      )
      assert.match(added, /^vendor \(up_\w+\) is well, and serves 1 models\.\n {2}vendor\/one$/m)
      assert.equal(theirs.asked[0]?.headers.authorization, 'Bearer sk-theirs-1234567890')
      assert.match(await does('upstreams list'), /vendor +openai +http:\S+ +healthy +1 /)
      assert.match(await does('upstreams test', 'vendor'), /^vendor answered in \d+ ms with 1 models\.$/m)
      theirs.answers(500, {})
      await refuses(['upstreams', 'test', 'vendor'], /It answered with an error\. \(status 500\)/)
      assert.match(await does('upstreams remove', 'vendor'), /^vendor is deleted/)
      await refuses(['upstreams', 'remove', 'vendor'], /There is no upstream vendor/)
    } finally {
      delete process.env.THEIR_KEY
      await theirs.close()
    }
  })
})

describe('routes', () => {
  it('are set, listed and removed, and a model runs out and takes requests again', async () => {
    assert.match(await does('routes list'), /^No route\./)
    assert.match(
      await does('routes set', 'house', '--to', 'tiny=95,tiny-2=5', '--retries', '1'),
      /^house is in force\./,
    )
    assert.match(await does('routes list'), /^house +on +tiny/m)
    assert.match(await does('routes drain', 'tiny'), /^tiny takes nothing new\.$/m)
    assert.match(await does('routes undrain', 'tiny'), /^tiny takes requests\.$/m)
    assert.match(await does('routes remove', 'house'), /^house is removed\.$/m)
    await refuses(['routes', 'remove', 'house'], /\(routing\.\w+\)/)
    await refuses(['routes', 'set', 'house'], /Say where it leads/)
  })
})

describe('batches', () => {
  it('are listed, and cancelled', async () => {
    const project = /^(proj_\w+) /m.exec(await does('projects list'))?.[1] ?? ''
    assert.match(await does('batches list', project), /^No batch yet\./)
    const authorization = { authorization: `Bearer ${product.key}` }
    const body = { model: 'tiny', prompt: 'Once', max_tokens: 200 }
    const lines = Array.from({ length: 300 }, (_, line) =>
      JSON.stringify({ custom_id: `line-${line}`, method: 'POST', url: '/v1/completions', body }),
    )
    const form = new FormData()
    form.set('purpose', 'batch')
    form.set('file', new Blob([lines.join('\n')]), 'lines.jsonl')
    const file = await fetch(`${product.url}/v1/files`, { method: 'POST', headers: authorization, body: form })
    const wanted = {
      input_file_id: ((await file.json()) as { id: string }).id,
      endpoint: '/v1/completions',
      completion_window: '24h',
    }
    const made = await fetch(`${product.url}/v1/batches`, {
      method: 'POST',
      headers: { ...authorization, 'content-type': 'application/json' },
      body: JSON.stringify(wanted),
    })
    const { id } = (await made.json()) as { id: string }
    assert.match(await does('batches list', project), new RegExp(`^${id} `, 'm'))
    assert.match(await does('batches cancel', id), new RegExp(`^${id} is being cancelled; `))
    await refuses(['batches', 'cancel', 'batch_none'], /\(batches\.\w+\)/)
  })
})

describe('the installation', () => {
  it('says what runs', async () => {
    const status = await does('status')
    assert.match(status, /^Tradewind \S+ at http:\/\/localhost:\d+, since /)
    assert.ok(status.includes(product.folder.root))
    assert.match(status, /^Workers: +1$/m)
  })

  it('shows its logs, which hold no key and no prompt', async () => {
    assert.match(await does('logs'), /^Logs: control, engine-tiny, worker-0$/m)
    const log = await does('logs', 'control')
    assert.match(log, /"msg":"a model is loaded"/)
    assert.ok(!log.includes(product.key))
    await refuses(['logs', 'nothing'], /There is no log "nothing"/)
    await refuses(['logs', '../../etc/passwd'], /There is no log/)
  })

  it('writes copies of its database, lists them, and puts one back', async () => {
    // PostgreSQL has its own tools for that, which the refusal names and the list writes out.
    if (product.environment.DATABASE_URL) {
      for (const words of ['backup create', 'backup restore']) worked.add(words)
      await refuses(['backup', 'create'], /pg_dump.*\(operations\.backup_is_postgresql\)/)
      await refuses(['backup', 'restore', 'tradewind-x'], /pg_restore.*\(operations\.backup_is_postgresql\)/)
      return assert.match(await does('backup list'), /^pg_dump .*\npg_restore /)
    }
    assert.match(await does('backup list'), /^No backup yet\. Make one with/)
    const path = (await does('backup create')).replace(/ \(.*\)\n$/, '')
    assert.ok(statSync(path).size > 100_000)
    const id = basename(path, '.tar.gz')
    assert.match(await does('backup list'), new RegExp(`^${id} .* asked +machine +sound$`, 'm'))
    const made = /Its id is (key_\w+)/.exec(await does('keys create', 'after the backup'))?.[1] ?? ''
    assert.match(
      await does('backup restore', id),
      new RegExp(`^${id} is restored\\. What was there before is tradewind-`, 'm'),
    )
    assert.ok(!(await does('keys list')).includes(made))
    await refuses(['backup', 'restore', 'tradewind-nothing'], /\(operations\.backup_unknown\)/)
  })
})

describe('the command line itself', () => {
  it('shows its help, with every command', async () => {
    const { exitCode, out } = await run(['--help'])
    assert.equal(exitCode, 0)
    for (const { words } of COMMANDS) assert.ok(out.includes(`  ${words}`), words)
  })

  it('says what is wrong with what was typed', async () => {
    await refuses(['models', 'frobnicate'], /There is no command "models frobnicate"/)
    await refuses(['models', 'load'], /Use it as: npm run tradewind -- models load <model> \[--context …\]/)
    await refuses(['models', 'load', 'tiny', '--fast'], /Unknown option '--fast'[\s\S]*Use it as:/)
    await refuses(['status'], /PORT is "x"; give a whole number/, { PORT: 'x' })
  })

  it('says that nothing runs where nothing runs', async () => {
    const elsewhere = join(product.folder.root, 'elsewhere')
    await refuses(['status'], /Tradewind is not running on .*elsewhere\. Start it with: npm start/, {
      TRADEWIND_DATA: elsewhere,
    })
  })

  it('was tried with every command there is', () => {
    assert.deepEqual(
      COMMANDS.map(({ words }) => words).filter((words) => !worked.has(words)),
      [],
    )
  })
})
