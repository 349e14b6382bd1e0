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
}

export const PRESETS: Readonly<Record<UpstreamKind, UpstreamPreset>> = {
  openai: { speaks: 'openai', authKind: 'bearer', network: 'public' },
  anthropic: { speaks: 'anthropic', authKind: 'x_api_key', network: 'public' },
  vllm: { speaks: 'openai', authKind: 'none', network: 'private' },
  llama_server: { speaks: 'openai', authKind: 'none', network: 'private' },
  ollama: { speaks: 'openai', authKind: 'none', network: 'private' },
  tradewind: { speaks: 'openai', authKind: 'bearer', network: 'private' },
}
