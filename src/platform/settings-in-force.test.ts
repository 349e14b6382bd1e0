import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { SETTINGS, type Setting } from './config.ts'
import { settingsInForce } from './settings-in-force.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradewind-settings-'))
after(() => rmSync(folder, { recursive: true }))

function settingIn(environment: Record<string, string>, env: string) {
  const found = settingsInForce({ TRADEWIND_DATA: folder, ...environment }).settings.find((one) => one.env === env)
  assert.ok(found)
  return found
}

describe('settings in force', () => {
  it('say where each came from: environment, then file, then default', () => {
    writeFileSync(join(folder, 'tradewind.json'), '{"port": 8080, "logLevel": "warn"}')
    const environment = { PORT: '9090' }
    const of = (env: string) => {
      const { from, value, isSet } = settingIn(environment, env)
      return [from, value, isSet]
    }
    assert.deepEqual(of('PORT'), ['environment', '9090', true])
    assert.deepEqual(of('LOG_LEVEL'), ['file', 'warn', true])
    assert.deepEqual(of('GATEWAY_WORKERS'), ['default', '1', false])
    assert.deepEqual(of('PUBLIC_URL'), ['default', 'http://localhost:9090', false])
    assert.deepEqual(of('TRADEWIND_DATA'), ['environment', folder, true])
    assert.deepEqual(of('ENGINE_MEMORY_MB'), ['default', null, false])
    const { configFile, settings } = settingsInForce({ TRADEWIND_DATA: folder })
    assert.deepEqual(configFile, { path: join(folder, 'tradewind.json'), settings: 2 })
    assert.deepEqual(
      settings.map(({ env }) => env),
      Object.values(SETTINGS).map(({ env }) => env),
    )
  })

  it('show no token and no login of an address', () => {
    const secret = 'Tr0ub4dor'
    const environment = {
      HF_TOKEN: `hf_${secret}`,
      METRICS_TOKEN: secret,
      DATABASE_URL: `postgres://ada:${secret}@p@db.example:5432/tradewind?sslpassword=${secret}`,
      HF_ENDPOINT: `https://ada:${secret}@mirror.example`,
      SMTP_URL: `smtp://ada:${secret}@mail.example:587`,
      MAIL_FROM: 'tradewind@example.com',
    }
    const all = settingsInForce({ TRADEWIND_DATA: folder, ...environment })
    assert.ok(!JSON.stringify(all).includes(secret))
    assert.equal(settingIn(environment, 'DATABASE_URL').value, 'postgres://***@db.example:5432/tradewind?***')
    assert.equal(settingIn(environment, 'SMTP_URL').value, 'smtp://***@mail.example:587')
    const token = settingIn(environment, 'HF_TOKEN')
    assert.deepEqual([token.isSet, token.isSecret, token.value], [true, true, null])
  })

  it('that sound secret are marked as such', () => {
    for (const setting of Object.values(SETTINGS) as Setting[])
      if (/TOKEN|SECRET|PASSWORD|_KEY|DATABASE_URL|SMTP_URL/.test(setting.env)) assert.ok(setting.secret, setting.env)
  })
})
