/** `POST /v1/rerank` and `POST /v1/score`. */
import { answerId } from './answer-ids.ts'
import type { Call, Host } from './host.ts'
import { sendJson } from './json-response.ts'
import { requestCancelled } from './request-cancelled.ts'
import { readRerankRequest, readScoreRequest } from './rerank-request.ts'
import { type Scores, scorePairs } from './score-pairs.ts'

/** Best first; of equals the one that came first. @throws RequestError · EngineError */
export async function answerRerank(host: Host, call: Call): Promise<void> {
  const request = readRerankRequest(call.body, host.engine.facts.contextTokens)
  const scored = await scorePairs(host, call, request)
  if (isCut(call, scored)) return
  const results = scored.scores
    .map((score, index) => ({
      index,
      relevance_score: score,
      ...(request.returnDocuments ? { document: { text: request.pairs[index]?.document } } : {}),
    }))
    .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index)
    .slice(0, request.top)
  sendJson(call.response, 200, {
    id: answerId('rerank'),
    model: request.model ?? host.modelName,
    results,
    ...scored.report,
  })
}

/** In the order in which they were asked. @throws RequestError · EngineError */
export async function answerScore(host: Host, call: Call): Promise<void> {
  const request = readScoreRequest(call.body, host.engine.facts.contextTokens)
  const scored = await scorePairs(host, call, request)
  if (isCut(call, scored)) return
  sendJson(call.response, 200, {
    id: answerId('score'),
    object: 'list',
    created: host.nowS(),
    model: request.model ?? host.modelName,
    data: scored.scores.map((score, index) => ({ index, object: 'score', score })),
    ...scored.report,
  })
}

/** @returns whether there is nothing more to answer */
function isCut(call: Call, { cutBy, report }: Scores): boolean {
  if (cutBy === 'request') requestCancelled(call.response, report)
  return cutBy !== null
}
