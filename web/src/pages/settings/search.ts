export const SETTINGS_TABS = ['project', 'organization', 'installation', 'backups'] as const
export type SettingsTab = (typeof SETTINGS_TABS)[number]
export type SettingsSearch = { tab?: SettingsTab }

/** What the address of this page may say. What it does not know is left out. */
export function parseSettingsSearch(raw: Record<string, unknown>): SettingsSearch {
  const tab = SETTINGS_TABS.find((one) => one === raw.tab)
  return tab ? { tab } : {}
}
