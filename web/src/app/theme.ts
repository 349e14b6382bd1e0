/** Light or dark: what the system says until the person chooses. `public/theme.js` sets it before the first paint. */
const KEPT = 'tradewind.theme'

export type ThemeChoice = 'light' | 'dark' | 'system'

export function toggleTheme(): void {
  setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark')
}

export function chosenTheme(): ThemeChoice {
  try {
    const kept = localStorage.getItem(KEPT)
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  } catch {
    return 'system'
  }
}

export function setTheme(choice: ThemeChoice): void {
  const dark = choice === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : choice === 'dark'
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
  try {
    if (choice === 'system') localStorage.removeItem(KEPT)
    else localStorage.setItem(KEPT, choice)
  } catch {
    // The system's choice again next time.
  }
}
