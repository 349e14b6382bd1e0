/** The end of a request: what no engine has answered is answered here. */
import type { OutgoingHttpHeaders } from 'node:http'
import type { AppError } from '../../platform/errors.ts'
import { type Call, closeRecord, type RecordDeps } from '../call.ts'
import type { Refusal } from '../control-client.ts'
import { codeIn } from '../engine-error.ts'
import { EngineLost, EngineTimeout, EngineUnavailable } from '../errors.ts'
import { answerError, answerRefusal, wireError } from '../exchange.ts'
import type { GatewayLimits } from '../limits.ts'
import { refusalOfUpstream } from '../upstream-dialects/error-words.ts'
import type { LastAttempt } from './ask-engines.ts'

export type SettleDeps = RecordDeps & { limits: GatewayLimits }

/** Answers what no engine has answered; its record is closed first. */
export async function settle(call: Call, { end, leaf, replica, deaths }: LastAttempt, deps: SettleDeps): Promise<void> {
  const { exchange, record, client } = call
  switch (end.kind) {
    case 'answered':
    case 'cut':
    case 'left':
      await closeRecord(call, client.status, deps) // of who left; of the others it is closed already
      return
    case 'refused': {
      const passedOn: OutgoingHttpHeaders = {}
      for (const name of ['retry-after', 'retry-after-ms', 'x-should-retry'])
        if (end.headers[name] !== undefined) passedOn[name] = end.headers[name]
      const refusal =
        replica.baseUrl === null
          ? { status: end.status, contentType: end.headers['content-type'] ?? 'application/json', body: end.body }
          : refusalAsOurs(refusalOfUpstream(end.status, leaf.model))
      record.errorCode = codeIn(refusal.body)
      await closeRecord(call, refusal.status, deps)
      answerRefusal(exchange, refusal, passedOn)
      return
    }
    case 'lost': {
      const error = end.timedOut
        ? new EngineTimeout({ model: leaf.model, waitedMs: waitedMs(call, deps.limits) })
        : end.reached
          ? new EngineLost({ model: leaf.model, attempts: deaths })
          : new EngineUnavailable({ model: leaf.model, waitedMs: deps.limits.restartWaitMs })
      record.errorCode = error.code
      record.cutBy = end.timedOut ? 'timeout' : replica.baseUrl === null ? 'engine' : 'upstream'
      await closeRecord(call, error.status, deps)
      // The engine may have worked on it: a client that tries again pays again, so that is a person's decision.
      answerError(exchange, error, end.reached ? 'never' : undefined)
      return
    }
    default:
      end satisfies never
  }
}

function refusalAsOurs(error: AppError): Refusal {
  return {
    status: error.status,
    contentType: 'application/json; charset=utf-8',
    body: Buffer.from(JSON.stringify(wireError(error))),
  }
}

/** How long the first bytes were waited for. */
function waitedMs({ route, head }: Call, { engineFirstByteMs }: GatewayLimits): number {
  return head.stream ? (route.alias?.firstTokenMs ?? engineFirstByteMs) : engineFirstByteMs
}
