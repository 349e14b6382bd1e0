/** What was said, where the project keeps it: read only on a press, since reading is noted. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Action } from '../../../../src/identity/rules.ts'
import { type Me, useMe } from '../../app/session.ts'
import { Button, Loaded, Note, Section, ShowCall, useFormat } from '../../ui/index.ts'
import { contentCall, contentQuery, projectQuery, type RequestContent, type RequestWhole } from './requests-api.ts'
import { useRequestWords } from './requests-words.ts'
import { saidIn } from './said.ts'

export function RequestContentSection({ of: request }: { of: RequestWhole }) {
  const t = useRequestWords()
  const format = useFormat()
  const me = useMe()
  const [shown, setShown] = useState(false)
  const query = useQuery(contentQuery(request.id, shown))
  const kept = request.content_kept
  if (!kept)
    return (
      <Section title={t('content')}>
        <NotKept of={request} />
      </Section>
    )
  const mayRead = mayOn(me, request.project_id, 'requests.content.read')
  return (
    <Section title={t('content')}>
      <p className="t13 soft">
        {t('content-kept', { day: format.time(new Date(kept.kept_until)), size: format.bytes(kept.text_bytes) })}
        {t('between')}
        {kept.truncated && `${t('content-truncated')}${t('between')}`}
        {t(mayRead ? 'content-who' : 'content-may-not')}
      </p>
      {mayRead && (
        <div className="row content-acts">
          <Button small busy={shown && query.isFetching} onClick={() => setShown(!shown)}>
            {t(shown ? 'content-hide' : 'content-show')}
          </Button>
          <ShowCall call={contentCall(request.id)} />
        </div>
      )}
      {shown && <Loaded query={query}>{(content) => <Content of={content} route={request.route} />}</Loaded>}
    </Section>
  )
}

function NotKept({ of: { project_id } }: { of: RequestWhole }) {
  const t = useRequestWords()
  const me = useMe()
  const { data: project, isPending } = useQuery(projectQuery(project_id))
  if (isPending) return null
  if (!project || project.content_logging) return <p className="t13 soft">{t('content-gone')}</p>
  const maySwitch = mayOn(me, project_id, 'project.update')
  return (
    <p className="t13 soft">
      {t('content-off')}
      {t('between')}
      {t(maySwitch ? 'content-off-how' : 'content-off-ask')}
      {t('between')}
      {maySwitch && (
        <Link to="/settings" search={{ project: project_id } as never}>
          {t('content-settings')}
        </Link>
      )}
    </p>
  )
}

/** Text of people and models: shown as text, whatever it holds. */
function Content({ of: content, route }: { of: RequestContent; route: string }) {
  const t = useRequestWords()
  const said = content.request ? saidIn(content.request) : []
  return (
    <div className="said-list">
      {content.address && <p className="small faint">{t('content-address', { address: content.address })}</p>}
      {said.map(({ role, text }, index) => (
        <Said key={index} by={roleName(role)} text={text} />
      ))}
      {content.request_cut !== null && (
        <>
          <Said by={t('role-input')} text={content.request_cut} />
          <Note tone="warn">{t('content-cut')}</Note>
        </>
      )}
      {content.answers.map((answer) => {
        const title = content.answers.length > 1 ? t('choice', { index: answer.index + 1 }) : t('answer')
        return (
          <div key={answer.index}>
            {answer.reasoning && <Said by={t('thoughts')} text={answer.reasoning} quiet />}
            {answer.text !== null && <Said by={title} text={answer.text} answer />}
            {answer.refusal && <Said by={t('refusal')} text={answer.refusal} answer />}
            {answer.tool_calls.map((call, index) => (
              <Said key={call.id ?? index} by={t('calls', { name: call.name })} text={call.arguments} answer mono />
            ))}
          </div>
        )
      })}
      {content.answers.length === 0 && (
        <p className="t13 soft">{t(route.includes('embeddings') ? 'content-embeddings' : 'content-nothing')}</p>
      )}
    </div>
  )

  function roleName(role: string): string {
    const known = (['system', 'developer', 'user', 'assistant', 'tool', 'prompt', 'input'] as const).find(
      (one) => one === role,
    )
    return known ? t(`role-${known}`) : role
  }
}

function Said({
  by,
  text,
  answer,
  quiet,
  mono,
}: {
  by: string
  text: string
  answer?: boolean
  quiet?: boolean
  mono?: boolean
}) {
  return (
    <div className={['said-one', answer && 'answered', quiet && 'quiet'].filter(Boolean).join(' ')}>
      <h3>{by}</h3>
      <p className={mono ? 'mono' : undefined}>{text}</p>
    </div>
  )
}

/** In the project of the request, which may be another than the page's. */
function mayOn(me: Me, projectId: string, action: Action): boolean {
  return (
    me.allowed.includes(action) ||
    me.organizations.some(({ projects }) =>
      projects.some(({ id, allowed }) => id === projectId && allowed.includes(action)),
    )
  )
}
