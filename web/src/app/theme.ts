/** Light or dark: what the system says until the person chooses. `public/theme.js` sets it before the first paint. */
export function toggleTheme(): void {
  const root = document.documentElement
  root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark'
  try {
    localStorage.setItem('tradewind.theme', root.dataset.theme)
  } catch {
    // The system's choice again next time.
  }
}
