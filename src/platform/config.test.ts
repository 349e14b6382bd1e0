import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ConfigRefused, readConfig, SETTINGS, type Setting } from './config.ts'
import { isLoopback } from './loopback.ts'
import { SETTINGS_PAGE, settingsPage } from './settings-page.ts'

const scratch = mkdtempSync(join(tmpdir(), 'tradewind-config-'))
after(() => rmSync(scratch, { recursive: true }))

let folders = 0
/** An environment whose data folder holds this config file. */
function withFile(text: string | object | null, environment: Record<string, string> = {}) {
  const folder = mkdtempSync(join(scratch, `${folders++}-`))
  if (text !== null)
    writeFileSync(join(folder, 'tradewind.json'), typeof text === 'string' ? text : JSON.stringify(text))
  return { TRADEWIND_DATA: folder, ...environment }
}

/** The sentence with which a start is refused, with the scratch folder's name taken out. */
function refusalOf(environment: Record<string, string>): string {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigRefused) return error.message.replaceAll(environment.TRADEWIND_DATA ?? '\0', 'DATA')
    throw error
  }
  return assert.fail('it was accepted')
}

describe('a value', () => {
  it('comes from the environment before the file, and from the file before the default', () => {
    assert.equal(readConfig(withFile(null)).port, 8484)
    assert.equal(readConfig(withFile({ port: 8001 })).port, 8001)
    assert.equal(readConfig(withFile({ port: 8001 }, { PORT: '8002' })).port, 8002)
  })

  it('that is empty counts as not given', () => {
    assert.equal(readConfig(withFile({ port: '' }, { PORT: ' ' })).port, 8484)
    assert.equal(readConfig(withFile({ port: 8001 }, { PORT: '' })).port, 8001)
    assert.equal(readConfig(withFile({ databaseUrl: '' })).databaseUrl, null)
  })

  it('has the default that the table says, where nothing is set', () => {
    const { dataFolder, engine, ...config } = readConfig(withFile(null))
    assert.ok(dataFolder.startsWith(scratch))
    assert.deepEqual(config, {
      port: Number(SETTINGS.port.default),
      host: SETTINGS.host.default,
      publicUrl: SETTINGS.publicUrl.default.replace('<port>', '8484'),
      trustedProxies: [],
      importFolder: join(dataFolder, 'import'),
      databaseUrl: null,
      hubUrl: SETTINGS.hubUrl.default,
      hubToken: null,
      logLevel: SETTINGS.logLevel.default,
      gatewayWorkers: Number(SETTINGS.gatewayWorkers.default),
      usageDurability: SETTINGS.usageDurability.default,
      starter: SETTINGS.starter.default,
      metricsToken: null,
      mail: null,
      oidc: null,
      session: { idleMs: 168 * 3_600_000, longestMs: 30 * 86_400_000 },
      contentLog: { daysMax: 365, bytesMax: 1024e6 },
      responsesBytesMax: Number(SETTINGS.responsesSpace.default) * 1e6,
      files: {
        fileBytesMax: Number(SETTINGS.fileSize.default) * 1e6,
        projectBytesMax: Number(SETTINGS.projectFiles.default) * 1e6,
      },
      batchLinesMax: Number(SETTINGS.batchLines.default),
      idempotentAnswersBytesMax: Number(SETTINGS.idempotentAnswers.default) * 1e6,
      queueTimeoutMs: Number(SETTINGS.queueTimeout.default) * 1_000,
    })
    assert.deepEqual(engine, {
      threadsTotal: Math.max(1, availableParallelism() - 1),
      memoryBytesMax: null,
      spillBytesMax: Number(SETTINGS.spill.default) * 1e6,
      gpu: SETTINGS.gpu.default,
      llamaServer: null,
    })
  })

  it('of every setting reaches the configuration, from both places', () => {
    const given: Record<Exclude<keyof typeof SETTINGS, 'dataFolder'>, string> = {
      port: '9001',
      host: '::1',
      publicUrl: 'https://ai.example.org/',
      trustedProxies: '127.0.0.1, 10.1.2.3/8,2001:DB8::/32',
      importFolder: '/srv/import',
      databaseUrl: 'postgres://db/x',
      hubUrl: 'http://mirror.example.org/hub//',
      hubToken: 'hf_x',
      logLevel: 'debug',
      gatewayWorkers: '1',
      usageDurability: 'host',
      starter: 'none',
      metricsToken: 'm',
      smtpUrl: 'smtps://me:secret@mail.example.org',
      mailFrom: 'Tradewind <post@example.org>',
      oidcIssuer: 'https://id.example.org/realm/',
      oidcClientId: 'c',
      oidcClientSecret: 's',
      oidcName: 'Example ID',
      oidcAllowedDomains: 'Example.org, example.com',
      oidcFirstRole: 'viewer',
      oidcFirstOrganization: 'org_1',
      sessionIdleHours: '12',
      sessionDays: '7',
      contentLogDays: '0',
      contentLogSpace: '20',
      responsesSpace: '30',
      fileSize: '6',
      projectFiles: '60',
      batchLines: '2',
      idempotentAnswers: '40',
      queueTimeout: '5',
      threads: '3',
      memory: '500',
      spill: '0',
      gpu: 'off',
      llamaServer: 'path',
    }
    const settings = Object.entries(given) as [keyof typeof given, string][]
    const byFile = readConfig(
      withFile(Object.fromEntries(settings.map(([name, value]) => [SETTINGS[name].file, value]))),
    )
    const byEnvironment = readConfig(
      withFile(null, Object.fromEntries(settings.map(([name, value]) => [SETTINGS[name].env, value]))),
    )
    for (const { dataFolder: _ours, ...config } of [byFile, byEnvironment])
      assert.deepEqual(config, {
        port: 9001,
        host: '::1',
        publicUrl: 'https://ai.example.org',
        trustedProxies: ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32'],
        importFolder: '/srv/import',
        databaseUrl: 'postgres://db/x',
        hubUrl: 'http://mirror.example.org/hub',
        hubToken: 'hf_x',
        logLevel: 'debug',
        gatewayWorkers: 1,
        usageDurability: 'host',
        starter: 'none',
        metricsToken: 'm',
        mail: { smtpUrl: 'smtps://me:secret@mail.example.org', from: 'Tradewind <post@example.org>' },
        oidc: {
          issuer: 'https://id.example.org/realm/', // to the letter, its slash too
          clientId: 'c',
          clientSecret: 's',
          name: 'Example ID',
          allowedDomains: ['example.org', 'example.com'],
          firstTime: { role: 'viewer', organizationId: 'org_1' },
        },
        session: { idleMs: 12 * 3_600_000, longestMs: 7 * 86_400_000 },
        contentLog: { daysMax: 0, bytesMax: 20e6 },
        files: { fileBytesMax: 6e6, projectBytesMax: 60e6 },
        batchLinesMax: 2,
        responsesBytesMax: 30e6,
        idempotentAnswersBytesMax: 40e6,
        queueTimeoutMs: 5_000,
        engine: { threadsTotal: 3, memoryBytesMax: 500e6, spillBytesMax: 0, gpu: 'off', llamaServer: 'path' },
      })
  })
})

describe('the data folder', () => {
  it('is TRADEWIND_DATA, else under XDG_DATA_HOME, else under the home folder', () => {
    assert.equal(readConfig({ TRADEWIND_DATA: '/srv/x', XDG_DATA_HOME: scratch, HOME: scratch }).dataFolder, '/srv/x')
    assert.equal(
      readConfig({ XDG_DATA_HOME: join(scratch, 'xdg'), HOME: scratch }).dataFolder,
      join(scratch, 'xdg', 'tradewind'),
    )
    assert.equal(readConfig({ HOME: scratch }).dataFolder, join(scratch, '.local/share/tradewind'))
    // The XDG specification: a relative path is to be ignored.
    assert.equal(
      readConfig({ XDG_DATA_HOME: 'xdg', HOME: scratch }).dataFolder,
      join(scratch, '.local/share/tradewind'),
    )
  })

  it('does not come from the config file, which lies in it', () => {
    assert.match(
      refusalOf(withFile({ dataFolder: '/srv/x' })),
      /^The config file DATA\/tradewind\.json names "dataFolder", which is not a setting/,
    )
  })
})

describe('the config file', () => {
  it('may be another one, which must then be there', () => {
    const path = join(scratch, 'other.json')
    writeFileSync(path, '{"port": 8005}')
    assert.equal(readConfig(withFile({ port: 8001 }, { TRADEWIND_CONFIG: path })).port, 8005)
    assert.match(
      refusalOf(withFile(null, { TRADEWIND_CONFIG: join(scratch, 'gone.json') })),
      /^The config file .*gone\.json cannot be read: ENOENT/,
    )
  })

  const refused: [name: string, text: string, sentence: RegExp][] = [
    ['is not JSON', '{port: 8484}', /^The config file DATA\/tradewind\.json is not JSON: /],
    ['is a list', '[]', /^The config file DATA\/tradewind\.json must hold one object, such as \{"port": 8484\}\.$/],
    ['is null', 'null', /must hold one object/],
    [
      'names an unknown setting',
      '{"prot": 1}',
      /^The config file DATA\/tradewind\.json names "prot", which is not a setting\. Settings are: port, host, publicUrl, /,
    ],
    ['names a setting by its environment variable', '{"PORT": 1}', /names "PORT", which is not a setting/],
    ['names a member of every object', '{"__proto__": "x"}', /names "__proto__", which is not a setting/],
    [
      'has an object for a value',
      '{"port": {}}',
      /^In the config file DATA\/tradewind\.json, "port" must be a text or a number\.$/,
    ],
    ['has null for a value', '{"port": null}', /"port" must be a text or a number/],
    ['has true for a value', '{"engineGpu": true}', /"engineGpu" must be a text or a number/],
  ]
  for (const [name, text, sentence] of refused) {
    it(`that ${name} is refused`, () => assert.match(refusalOf(withFile(text)), sentence))
  }
})

describe('a value that cannot be used', () => {
  const refused: [setting: keyof typeof SETTINGS, value: string, rest: string][] = [
    ['port', '0', ' is "0"; give a whole number from 1 to 65535.'],
    ['port', '65536', ' is "65536"; give a whole number from 1 to 65535.'],
    ['port', '80.5', ' is "80.5"; give a whole number from 1 to 65535.'],
    ['port', 'http', ' is "http"; give a whole number from 1 to 65535.'],
    ['port', '0x50', ' is "0x50"; give a whole number from 1 to 65535.'],
    ['port', '-1', ' is "-1"; give a whole number from 1 to 65535.'],
    ['publicUrl', 'ai.example.org', ' is "ai.example.org"; give an http:// or https:// address without ? and #.'],
    [
      'publicUrl',
      'ftp://ai.example.org',
      ' is "ftp://ai.example.org"; give an http:// or https:// address without ? and #.',
    ],
    ['publicUrl', 'http://a/?x', ' is "http://a/?x"; give an http:// or https:// address without ? and #.'],
    [
      'trustedProxies',
      '127.0.0.1, nginx',
      ' names "nginx"; give addresses and ranges with commas, such as 127.0.0.1 or 10.0.0.0/8.',
    ],
    [
      'trustedProxies',
      '10.0.0.0/33',
      ' names "10.0.0.0/33"; give addresses and ranges with commas, such as 127.0.0.1 or 10.0.0.0/8.',
    ],
    ['trustedProxies', '0.0.0.0/0', ' names "0.0.0.0/0", which is everybody; name the proxies alone.'],
    ['importFolder', 'models', ' is "models"; give an absolute path.'],
    ['hubUrl', 'huggingface.co', ' is "huggingface.co"; give an http:// or https:// address without ? and #.'],
    [
      'databaseUrl',
      'mysql://me:secret@db/x',
      ' must start with postgres://; leave it empty for the embedded database.',
    ],
    ['logLevel', 'loud', ' is "loud"; use one of trace, debug, info, warn, error, fatal, silent.'],
    ['gatewayWorkers', '0', ' is "0"; give a whole number from 1 to 64.'],
    ['threads', '0', ' is "0"; give a whole number from 1 to 1024.'],
    ['memory', '10', ' is "10"; give a whole number from 64 to 64000000.'],
    ['spill', '-5', ' is "-5"; give a whole number from 0 to 64000000.'],
    ['gpu', 'on', ' is "on"; use auto or off.'],
  ]
  for (const [name, value, rest] of refused) {
    const { env, file }: Setting = SETTINGS[name]
    it(`${env}=${value} is refused, naming the place to mend`, () => {
      assert.equal(refusalOf(withFile(null, { [env]: value })), env + rest)
      assert.equal(refusalOf(withFile({ [file]: value })), `"${file}" in DATA/tradewind.json${rest}`)
    })
  }

  it('of the hub is refused where it is no token of one, and not repeated', () => {
    assert.equal(
      refusalOf(withFile(null, { HF_TOKEN: 'sk-tw-secret' })),
      'HF_TOKEN is not a token of the hub: those begin with hf_.',
    )
  })

  it('of mail is refused, without its password in the sentence', () => {
    const refusal = (environment: Record<string, string>) => refusalOf(withFile(null, environment))
    const from = 'post@example.org'
    for (const SMTP_URL of ['mail.example.org', 'http://me:secret@mail.example.org', 'smtp://']) {
      const sentence = refusal({ SMTP_URL, MAIL_FROM: from })
      assert.match(sentence, /^SMTP_URL must be an address such as smtp:/)
      assert.doesNotMatch(sentence, /secret/)
    }
    assert.match(refusal({ SMTP_URL: 'smtp://mail.example.org' }), /without MAIL_FROM/)
    assert.match(refusal({ MAIL_FROM: from }), /^MAIL_FROM is given without SMTP_URL/)
    for (const MAIL_FROM of ['post', 'Post <post@example.org', 'post@example.org, more@example.org'])
      assert.match(refusal({ SMTP_URL: 'smtp://mail.example.org', MAIL_FROM }), /^MAIL_FROM is ".+"; write it as/)
  })

  it('of single sign-on is refused where it is half given, unsafe, or gives too much', () => {
    const whole = { OIDC_ISSUER: 'https://id.example.org', OIDC_CLIENT_ID: 'c', OIDC_CLIENT_SECRET: 's' }
    const refusal = (change: Record<string, string>) => refusalOf(withFile(null, { ...whole, ...change }))
    assert.match(refusal({ OIDC_ISSUER: '' }), /^OIDC_CLIENT_ID is given without OIDC_ISSUER/)
    assert.match(refusal({ OIDC_CLIENT_SECRET: '' }), /^OIDC_ISSUER is given without OIDC_CLIENT_SECRET/)
    assert.match(refusal({ OIDC_ISSUER: 'http://id.example.org' }), /^OIDC_ISSUER is .*; give the https:/)
    assert.match(refusal({ PUBLIC_URL: 'http://ai.example.org' }), /^PUBLIC_URL is .* can be read on the way/)
    assert.match(refusal({ OIDC_FIRST_ROLE: 'owner' }), /use one of admin, developer, viewer\.$/)
    assert.match(refusal({ OIDC_FIRST_ORGANIZATION: 'org_1' }), /without OIDC_FIRST_ROLE/)
    assert.match(refusal({ OIDC_ALLOWED_DOMAINS: '@example.org' }), /names "@example\.org"; write domains as/)
    assert.deepEqual(readConfig(withFile(null, { ...whole, OIDC_ISSUER: 'http://127.0.0.1:1' })).oidc, {
      issuer: 'http://127.0.0.1:1',
      clientId: 'c',
      clientSecret: 's',
      name: '127.0.0.1',
      allowedDomains: [],
      firstTime: null,
    })
  })

  it('of a session that would be idle for longer than it lasts is refused', () => {
    assert.match(
      refusalOf(withFile(null, { SESSION_DAYS: '3' })),
      /a session cannot be idle for longer than it lasts\. Give at most 72 hours\.$/,
    )
  })

  it('of several workers is refused where processes cannot share a port', {
    skip: process.platform === 'linux' && 'they can here',
  }, () => {
    assert.equal(
      refusalOf(withFile(null, { GATEWAY_WORKERS: '2' })),
      'GATEWAY_WORKERS above 1 needs Linux, where processes can share a port; set it to 1.',
    )
  })
})

it('only addresses of this machine are loopback', () => {
  for (const host of ['127.0.0.1', '127.8.4.84', '::1', 'localhost']) assert.ok(isLoopback(host), host)
  for (const host of [
    '0.0.0.0',
    '::',
    '192.168.1.2',
    '128.0.0.1',
    'localhost.example.org',
    '127.0.0.1.example.org',
    '',
  ])
    assert.ok(!isLoopback(host), host)
})

it('docs/configuration.md says what the table says', () => {
  assert.equal(readFileSync(SETTINGS_PAGE, 'utf8'), settingsPage(), 'run: node src/platform/settings-page.ts')
})
