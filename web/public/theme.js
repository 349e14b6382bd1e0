// Before the first paint, so that nothing flashes: the theme and the language that this browser chose last.
;(() => {
  const kept = (name) => {
    try {
      return localStorage.getItem(name)
    } catch {
      return null
    }
  }
  const theme = kept('tradewind.theme') ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
  document.documentElement.dataset.theme = theme
  const language = kept('tradewind.language') ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en')
  document.documentElement.lang = language
})()
