/** Usage records for tests. */
import type { UsageRecord } from './usage-record.ts'

/** A good answer of a chat model, with what is `changed` of it. */
export function scratchRecord(id: string, changed: Partial<UsageRecord> = {}): UsageRecord {
  return {
    id,
    startedAtMs: 1_790_000_000_000,
    organizationId: 'org_1',
    projectId: 'proj_1',
    keyId: 'key_1',
    model: 'smollm2-135m-instruct',
    adapter: null,
    deploymentId: 'dep_1',
    engineId: 'eng_1',
    route: '/v1/chat/completions',
    stream: true,
    status: 200,
    errorCode: null,
    tokensIn: 31,
    tokensCached: 8,
    tokensOut: 5,
    tokensReasoning: 0,
    tokensInSource: 'engine',
    tokensOutSource: 'engine',
    finish: 'length',
    cutBy: null,
    gatewayMs: 0.4,
    queueMs: 0.1,
    prefillMs: 120.5,
    decodeMs: 44.5,
    firstTokenMs: 130,
    totalMs: 181,
    retries: 0,
    ...changed,
  }
}
