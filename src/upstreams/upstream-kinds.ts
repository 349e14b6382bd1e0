/**
 * What an upstream is, as an operator knows it. It decides what is spoken there, how it wants to be let in, and what a new
 * one begins with. Pure module.
 */
import type { NetworkReach } from '../platform/network-reach.ts'
import type { AuthKind } from './credential.ts'

export const UPSTREAM_KINDS = ['openai', 'anthropic', 'vllm', 'llama_server', 'ollama', 'tradewind'] as const
export type UpstreamKind = (typeof UPSTREAM_KINDS)[number]

export type UpstreamPreset = {
  speaks: 'openai' | 'anthropic'
  authKind: AuthKind
  network: NetworkReach
  /** Where such a one is by default; null = wherever its operator put it. */
  baseUrl: string | null
}

export const PRESETS: Readonly<Record<UpstreamKind, UpstreamPreset>> = {
  openai: { speaks: 'openai', authKind: 'bearer', network: 'public', baseUrl: null },
  anthropic: { speaks: 'anthropic', authKind: 'x_api_key', network: 'public', baseUrl: 'https://api.anthropic.com' },
  vllm: { speaks: 'openai', authKind: 'none', network: 'private', baseUrl: 'http://127.0.0.1:8000' },
  llama_server: { speaks: 'openai', authKind: 'none', network: 'private', baseUrl: 'http://127.0.0.1:8080' },
  ollama: { speaks: 'openai', authKind: 'none', network: 'private', baseUrl: 'http://127.0.0.1:11434' },
  tradewind: { speaks: 'openai', authKind: 'bearer', network: 'private', baseUrl: null },
}
