/** One request: what happened, where its time went, who counted its tokens, and what was said where that is kept. */
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Loaded, Page, PageTitle, ShowCall, useFormat } from '../../ui/index.ts'
import { keyName } from './request-columns.tsx'
import { RequestContentSection } from './request-content.tsx'
import { RequestEnd } from './request-end.tsx'
import { RequestFacts, RequestParameters } from './request-facts.tsx'
import { RequestPhases } from './request-phases.tsx'
import { RequestState } from './request-state.tsx'
import { RequestTokens } from './request-tokens.tsx'
import { oneCall, type RequestSeen, requestQuery } from './requests-api.ts'
import './requests.css'
import { useRequestWords } from './requests-words.ts'

export default function RequestPage() {
  const { request: id = '' } = useParams({ strict: false }) as { request?: string }
  const t = useRequestWords()
  const query = useQuery(requestQuery(id))
  const sentence = useSentence()
  return (
    <Page>
      {query.error && !query.data && <PageTitle title={t('request')} />}
      <Loaded query={query} rows={8}>
        {(request) => (
          <>
            <PageTitle
              title={
                <span className="row request-title">
                  {request.model} <RequestState of={request} />
                </span>
              }
              says={sentence(request)}
            >
              <ShowCall call={oneCall(id)} />
            </PageTitle>
            <RequestEnd of={request} />
            <div className="cols request-cols">
              <div>
                <RequestPhases of={request} />
                <RequestTokens of={request} />
                <RequestContentSection of={request} />
              </div>
              <div>
                <RequestFacts of={request} />
                <RequestParameters of={request} />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  )
}

/** What happened, in one. */
function useSentence(): (request: RequestSeen) => string {
  const t = useRequestWords()
  const format = useFormat()
  const tokens = (count: number) => t('tokens', { count, said: format.number(count) })
  return (request) => {
    const { outcome, stream, first_token_ms, tokens_in, tokens_out, total_ms, route, key_kind, key_name, model } =
      request
    const who = key_kind === 'console' ? t('who-playground') : key_name ? keyName(request, t) : t('who-nameless')
    const said = { who, model, in: tokens(tokens_in), out: tokens(tokens_out), total: format.duration(total_ms) }
    if (outcome === 'cut') return t('said-cut', said)
    if (outcome === 'failed') return t('said-failed', said)
    if (route.includes('embeddings')) return t('said-embedded', said)
    return stream && first_token_ms !== null
      ? t('said-ok-stream', { ...said, first: format.duration(first_token_ms) })
      : t('said-ok', said)
  }
}
