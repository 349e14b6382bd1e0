/**
 * Where the time of an answer went until its head was sent, in milliseconds:
 *
 *   server-timing: limits;dur=0.8, queue;dur=120, gateway;dur=0.21, engine;dur=84.2
 *   openai-processing-ms: 206
 *
 * `limits` waiting for control to count · `queue` waiting for room at an engine · `gateway` our own work · `engine` from
 * asking it to the head of its answer, which for a stream is about its first token. Phases without time are left out.
 *
 * Pure module.
 */
import type { OutgoingHttpHeaders } from 'node:http'

export type Phases = { limitsMs: number; queuedMs: number; gatewayMs: number; engineMs: number; totalMs: number }

export function timingHeaders({ limitsMs, queuedMs, gatewayMs, engineMs, totalMs }: Phases): OutgoingHttpHeaders {
  const limits = limitsMs > 0 ? `limits;dur=${rounded(limitsMs)}, ` : ''
  const queue = queuedMs > 0 ? `queue;dur=${rounded(queuedMs)}, ` : ''
  return {
    'server-timing': `${limits}${queue}gateway;dur=${rounded(gatewayMs)}, engine;dur=${rounded(engineMs)}`,
    'openai-processing-ms': String(Math.round(totalMs)),
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100
}
