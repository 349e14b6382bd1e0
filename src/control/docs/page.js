// Copies code, filters the contents, remembers a language, marks where one is. The page is whole without it.

for (const block of document.querySelectorAll('figure.code')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    const shown = [...block.querySelectorAll('pre')].find((pre) => pre.offsetParent !== null)
    await navigator.clipboard.writeText(shown.textContent)
    button.textContent = 'Copied'
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 1500)
  })
  block.querySelector('figcaption').after(button)
}

const LANGUAGE = 'tradewind.docs.language'
const choose = (language) => {
  for (const radio of document.querySelectorAll('fieldset input')) radio.checked = radio.value === language
}
document.addEventListener('change', ({ target }) => {
  if (!target.matches('fieldset input')) return
  const { top } = target.getBoundingClientRect()
  choose(target.value)
  // Samples above have changed their height; what was clicked stays under the pointer.
  scrollBy({ top: target.getBoundingClientRect().top - top, behavior: 'instant' })
  localStorage.setItem(LANGUAGE, target.value)
})
const remembered = localStorage.getItem(LANGUAGE)
if (['curl', 'Python', 'TypeScript'].includes(remembered)) choose(remembered)

const rail = document.querySelector('.rail')
const filter = document.createElement('input')
filter.type = 'search'
filter.className = 'filter'
filter.placeholder = 'Filter'
filter.setAttribute('aria-label', 'Filter the contents')
filter.addEventListener('input', () => {
  const wanted = filter.value.trim().toLowerCase()
  for (const entry of rail.querySelectorAll('.groups ul li')) {
    const target = document.getElementById(entry.firstElementChild.hash.slice(1))
    const words = `${entry.textContent} ${target?.parentElement.querySelector('.route')?.textContent ?? ''}`
    entry.hidden = !words.toLowerCase().includes(wanted)
  }
  for (const group of rail.querySelectorAll('.groups > li'))
    group.hidden = ![...group.querySelectorAll('ul li')].some((entry) => !entry.hidden)
})
rail.prepend(filter)
rail.addEventListener('click', ({ target }) => {
  if (target.closest('a')) document.getElementById('contents').checked = false
})

const links = new Map([...rail.querySelectorAll('a')].map((link) => [link.hash.slice(1), link]))
const heads = [...document.querySelectorAll('main :is(h1, h2, h3)[id]')]
const mark = () => {
  const current = heads.findLast((head) => head.getBoundingClientRect().top < 120) ?? heads[0]
  for (const link of links.values()) link.removeAttribute('aria-current')
  const link = links.get(current.id)
  link?.setAttribute('aria-current', 'true')
  link?.scrollIntoView({ block: 'nearest' })
}
let waiting = false
addEventListener(
  'scroll',
  () => {
    if (waiting) return
    waiting = true
    requestAnimationFrame(() => {
      waiting = false
      mark()
    })
  },
  { passive: true },
)
mark()
