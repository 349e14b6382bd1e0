/** What a new upstream of each kind begins with in the form. */
import type { UpstreamDraftOnWire } from '../../../../src/upstreams/schema.ts'

export type UpstreamKind = UpstreamDraftOnWire['kind']
type Preset = {
  authKind: UpstreamDraftOnWire['auth_kind']
  network: UpstreamDraftOnWire['network']
  /** Where such a one is by default; '' = wherever its operator put it. */
  url: string
}

export const PRESETS: Readonly<Record<UpstreamKind, Preset>> = {
  openai: { authKind: 'bearer', network: 'public', url: '' },
  anthropic: { authKind: 'x_api_key', network: 'public', url: 'https://api.anthropic.com' },
  vllm: { authKind: 'none', network: 'private', url: 'http://127.0.0.1:8000' },
  llama_server: { authKind: 'none', network: 'private', url: 'http://127.0.0.1:8080' },
  ollama: { authKind: 'none', network: 'private', url: 'http://127.0.0.1:11434' },
  tradewind: { authKind: 'bearer', network: 'private', url: '' },
}
export const UPSTREAM_KINDS = Object.keys(PRESETS) as UpstreamKind[]
