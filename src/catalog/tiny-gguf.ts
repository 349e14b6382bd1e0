/** For tests: writes small whole GGUF files (and, by options, broken ones) for the readers of this house. Not loadable. */

export type TinyGguf = {
  version?: number
  metadata?: [key: string, value: string | number | string[]][]
  tensors?: { name: string; shape: number[]; type?: number; offset?: number }[]
  /** Bytes of tensor data behind the header; default what the tensors need as F32. */
  dataBytes?: number
  tensorCount?: bigint
  pairCount?: bigint
}

export function tinyGguf(options: TinyGguf = {}): Buffer {
  const metadata = options.metadata ?? [
    ['general.architecture', 'llama'],
    ['general.name', 'Tiny'],
    ['llama.context_length', 2048],
    ['llama.block_count', 2],
    ['llama.embedding_length', 64],
    ['llama.attention.head_count', 4],
    ['llama.attention.head_count_kv', 2],
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.tokens', ['a', 'b']],
  ]
  const tensors = options.tensors ?? [{ name: 'token_embd.weight', shape: [64, 32] }]
  const parts: Buffer[] = [
    Buffer.from('GGUF'),
    u32(options.version ?? 3),
    u64(options.tensorCount ?? BigInt(tensors.length)),
  ]
  parts.push(u64(options.pairCount ?? BigInt(metadata.length)))
  for (const [key, value] of metadata) parts.push(text(key), ...typed(value))
  let offset = 0
  for (const tensor of tensors) {
    parts.push(text(tensor.name), u32(tensor.shape.length), ...tensor.shape.map((size) => u64(BigInt(size))))
    parts.push(u32(tensor.type ?? 0), u64(BigInt(tensor.offset ?? offset)))
    offset += Math.ceil((tensor.shape.reduce((product, size) => product * size, 1) * 4) / 32) * 32
  }
  const header = Buffer.concat(parts)
  const padding = Buffer.alloc(Math.ceil(header.length / 32) * 32 - header.length)
  return Buffer.concat([header, padding, Buffer.alloc(options.dataBytes ?? offset, 7)])
}

function typed(value: string | number | string[]): Buffer[] {
  if (typeof value === 'number') return [u32(4), u32(value)]
  if (typeof value === 'string') return [u32(8), text(value)]
  return [u32(9), u32(8), u64(BigInt(value.length)), ...value.map(text)]
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(BigInt(bytes.length)), bytes])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}
