import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useRouterState } from '@tanstack/react-router'
import { api } from '../api/client.ts'
import { Button, Icon, Menu, toast } from '../ui/index.ts'
import { setLanguage, useLanguage } from '../words/i18n.ts'
import { useCrumbOf } from './crumb.ts'
import { useFrameWords } from './frame-words.ts'
import { entryOf } from './places.ts'
import { useMe, usePlace } from './session.ts'
import { toggleTheme } from './theme.ts'
import { forgetOwner } from './whose-tab.ts'

const commandKey = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl'

/** Above the page: where one is, the palette, language, theme, and oneself. */
export function Bar({ onMenu, onFind }: { onMenu: () => void; onFind: () => void }) {
  const t = useFrameWords()
  const { project } = usePlace()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const entry = entryOf(path)
  const named = useCrumbOf(path)
  const deeper =
    named ??
    (path === '/people/trail'
      ? t('trail')
      : entry && entry.path !== '/'
        ? shortId(decodeURIComponent(path.slice(entry.path.length + 1)))
        : '')
  return (
    <header className="bar">
      <span className="only-phone">
        <Button look="quiet" icon="menu" aria-label={t('menu')} onClick={onMenu} />
      </span>
      <nav className="crumbs" aria-label={t('where')}>
        {project && <Link to="/">{project.name}</Link>}
        {project && <span className="sep">/</span>}
        {entry && deeper ? (
          <>
            <Link to={entry.path}>{t(entry.name)}</Link>
            <span className="sep">/</span>
            <b className="cut" title={deeper}>
              {deeper}
            </b>
          </>
        ) : (
          <b className="cut">
            {entry ? t(entry.name) : path === '/account' ? t('account') : path === '/parts' ? t('parts') : ''}
          </b>
        )}
      </nav>
      <button type="button" className="find" onClick={onFind} aria-label={`${t('find')} ${commandKey} K`}>
        <Icon name="search" />
        <span>{t('find')}</span>{' '}
        <span className="keys">
          <kbd>{commandKey}</kbd> <kbd>K</kbd>
        </span>
      </button>
      <LanguageButton />
      <ThemeButton />
      <Person />
    </header>
  )
}

/** An id in a crumb: enough of it to tell one from another. */
const shortId = (text: string) => text.replace(/^((?:req|key|pg|ses)\w*_\w{8})\w+$/, '$1…')

export function LanguageButton() {
  const t = useFrameWords()
  const language = useLanguage()
  return (
    <Button
      look="quiet"
      small
      lang={language === 'en' ? 'zh' : 'en'}
      aria-label={t('other-language-label')}
      onClick={() => setLanguage(language === 'en' ? 'zh' : 'en')}
    >
      {t('other-language')}
    </Button>
  )
}

export function ThemeButton() {
  const t = useFrameWords()
  return <Button look="quiet" small icon="theme" aria-label={t('theme')} onClick={toggleTheme} />
}

function Person() {
  const t = useFrameWords()
  const { person } = useMe()
  const navigate = useNavigate()
  const queries = useQueryClient()
  if (!person) return null
  const initials = person.name
    .split(/\s+/)
    .map((word) => [...word][0] ?? '')
    .slice(0, 2)
    .join('')
    .toUpperCase()
  async function signOut() {
    try {
      await api({ method: 'POST', path: '/api/auth/sign-out', body: {} })
    } catch (error) {
      toast({ title: t('sign-out-failed'), says: error instanceof Error ? error.message : '' }, 'bad')
      return
    }
    forgetOwner()
    queries.clear()
    location.assign('/sign-in')
  }
  return (
    <Menu
      entries={[
        { label: t('account'), icon: 'people', onSelect: () => void navigate({ to: '/account' }) },
        { label: t('api-reference'), icon: 'book', onSelect: () => location.assign('/docs') },
        'line',
        { label: t('sign-out'), icon: 'right', onSelect: () => void signOut() },
      ]}
      trigger={
        <button
          type="button"
          className="person"
          data-letters={initials}
          aria-label={`${person.name}, ${t('account')}`}
        />
      }
    >
      <div className="person-card">
        <b>{person.name}</b>
        {person.email}
      </div>
    </Menu>
  )
}
