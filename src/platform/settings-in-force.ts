/**
 * Every setting as it is in force, and where it came from, for the page that shows them. Secrets stay behind: of a token
 * one learns that it is set, of an address everything but its login and query.
 */
import { type Config, readConfig, readConfigFile, SETTINGS, type Setting } from './config.ts'

export type SettingInForce = {
  /** In the environment. */
  env: string
  /** In the config file; null = only by environment. */
  file: string | null
  from: 'environment' | 'file' | 'default'
  /** As a person would write it, with secrets taken out; null = not set, and there is no default, or secret as a whole. */
  value: string | null
  isSet: boolean
  isSecret: boolean
  /** As a person would write it; null = none. */
  default: string | null
  says: string
}

export type SettingsInForce = { configFile: { path: string; settings: number }; settings: SettingInForce[] }

/**
 * Call it at the start, beside `readConfig`: what the file says later is not in force.
 * @throws ConfigRefused
 */
export function settingsInForce(environment: Record<string, string | undefined>): SettingsInForce {
  const config = readConfig(environment)
  const file = readConfigFile(environment, config.dataFolder)
  const settings = Object.entries(SETTINGS).map(([name, setting]: [string, Setting]): SettingInForce => {
    const fromEnvironment = environment[setting.env]?.trim() ?? ''
    const fromFile = file.settings[setting.file] ?? ''
    const given = fromEnvironment || fromFile
    return {
      env: setting.env,
      file: setting.file || null,
      from: fromEnvironment ? 'environment' : fromFile ? 'file' : 'default',
      value: shown(setting, given || (computedDefault(name, config) ?? setting.default)),
      isSet: given !== '',
      isSecret: setting.secret !== undefined,
      default: setting.default || null,
      says: setting.says,
    }
  })
  return { configFile: { path: file.path, settings: Object.keys(file.settings).length }, settings }
}

/** Where the default depends on the machine or on other settings: what came of it. */
function computedDefault(name: string, config: Config): string | null {
  switch (name) {
    case 'publicUrl':
      return config.publicUrl
    case 'dataFolder':
      return config.dataFolder
    case 'importFolder':
      return config.importFolder
    case 'threads':
      return String(config.engine.threadsTotal)
    case 'oidcName':
      return config.oidc?.name ?? ''
    default:
      return null
  }
}

function shown(setting: Setting, value: string): string | null {
  if (value === '' || setting.secret === 'whole') return null
  return setting.secret === 'login' ? withoutLogin(value) : value
}

/** `postgres://ada:pass@host/db?password=x` → `postgres://***@host/db?***` */
function withoutLogin(address: string): string {
  // Greedy to the last @: a password may hold one, or a slash where somebody forgot to write it as %2F.
  return address.replace(/\/\/.*@/s, '//***@').replace(/\?.*$/s, '?***')
}
