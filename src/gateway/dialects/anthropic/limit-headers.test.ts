import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anthropicLimitHeaders } from './limit-headers.ts'

const NOW = Date.parse('2027-01-31T12:00:00.250Z')

describe('what Anthropic’s clients are told of limits', () => {
  it('is what OpenAI’s are told, with moments for durations', () => {
    const said = {
      'x-ratelimit-limit-requests': '100',
      'x-ratelimit-remaining-requests': '7',
      'x-ratelimit-reset-requests': '1m0s',
      'x-ratelimit-limit-tokens': '20000',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '1.75s',
    }
    assert.deepEqual(anthropicLimitHeaders(said, NOW), {
      'anthropic-ratelimit-requests-limit': '100',
      'anthropic-ratelimit-requests-remaining': '7',
      'anthropic-ratelimit-requests-reset': '2027-01-31T12:01:01Z',
      'anthropic-ratelimit-tokens-limit': '20000',
      'anthropic-ratelimit-tokens-remaining': '0',
      'anthropic-ratelimit-tokens-reset': '2027-01-31T12:00:02Z',
    })
  })

  it('is nothing of what has no limit', () => {
    assert.deepEqual(anthropicLimitHeaders({ 'retry-after': '1' }, NOW), {})
  })
})
