/** Your account: who you are, how you sign in, where you are signed in, and how the console looks. */
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Loaded, Note, Page, PageTitle } from '../../ui/index.ts'
import { useAloneWords } from '../alone/alone-words.ts'
import { ssoProblem } from '../alone/sso-problems.ts'
import { accountQuery } from './account-api.ts'
import './account.css'
import { useAccountWords } from './account-words.ts'
import { EmailForm } from './email-form.tsx'
import { Looks } from './looks.tsx'
import { NameForm } from './name-form.tsx'
import { Passkeys } from './passkeys.tsx'
import { PasswordForm } from './password-form.tsx'
import type { AccountSearch } from './search.ts'
import { Sessions } from './sessions.tsx'
import { SingleSignOn } from './single-sign-on.tsx'

export default function AccountPage() {
  const t = useAccountWords()
  const alone = useAloneWords()
  const { error } = useSearch({ strict: false }) as AccountSearch
  const query = useQuery(accountQuery)
  return (
    <Page>
      <PageTitle title={t('title')} says={t('says')} />
      {error && (
        <div className="account-problem">
          <Note tone="bad">{ssoProblem(alone, error)}</Note>
        </div>
      )}
      <Loaded query={query} rows={8}>
        {(account) => (
          <>
            <Sheet title={t('name')} says={t('name-says')}>
              <NameForm of={account} />
            </Sheet>
            <Sheet title={t('email')} says={t('email-says')}>
              <EmailForm of={account} />
            </Sheet>
            <Sheet title={t('password')} says={t('password-says')}>
              <PasswordForm of={account} />
            </Sheet>
            <Sheet title={t('passkeys')} says={t('passkeys-says')}>
              <Passkeys of={account} />
            </Sheet>
            {account.single_sign_on && (
              <Sheet title={t('sso')} says={t('sso-says', { name: account.single_sign_on.name })}>
                <SingleSignOn of={account.single_sign_on} />
              </Sheet>
            )}
          </>
        )}
      </Loaded>
      <Sheet title={t('sessions')} says={t('sessions-says')}>
        <Sessions />
      </Sheet>
      <Sheet title={t('looks')} says={t('looks-says')}>
        <Looks />
      </Sheet>
    </Page>
  )
}

/** What it is about at the left, what can be done at the right. */
function Sheet({ title, says, children }: { title: string; says: string; children: ReactNode }) {
  return (
    <section className="sheet account-sheet">
      <div>
        <h2>{title}</h2>
        <p className="t13 soft">{says}</p>
      </div>
      <div>{children}</div>
    </section>
  )
}
