/**
 * Model files that are broken in one way each, made from one good file. Their names say what is wrong.
 *
 * `nativeCrash` marks those that end the process when llama.cpp (v0.5.0, through node-llama-cpp 3.22.1) loads or first
 * uses them: a failed GGML_ASSERT, an exception that nobody catches, an operation that its type lacks. No error reaches
 * JavaScript then, so an engine has to find these in the header by itself, or let a process die that nobody needs.
 * `models.test.ts` holds the mark to the truth in both directions.
 *
 * Weights of the right size that are nonsense (not a number, flipped bits) are not here: the native loader takes them.
 * Only a checksum of the whole file finds those.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type GgufLayout, readGguf } from './gguf-reader.ts'
import {
  alignmentOf,
  encodeGguf,
  f32,
  GGUF_VALUE_TYPES,
  type GgufFile,
  type GgufTensor,
  type GgufValue,
  padded,
  text,
  u32,
} from './gguf-writer.ts'
import { tinyLoraFile } from './tiny-lora.ts'

export type BrokenModel = {
  /** Kebab-case, unique. */
  name: string
  path: string
  /** What is wrong, as a half-sentence. */
  why: string
  nativeCrash: boolean
}

/**
 * Writes all of them into `folder`, which is made if missing.
 * @param goodPath a sound GGUF model with a byte-level vocabulary, such as the tiny Qwen3
 */
export function brokenModels(folder: string, goodPath: string): BrokenModel[] {
  mkdirSync(folder, { recursive: true })
  const good = new GoodModel(readFileSync(goodPath))
  return [...foreignFiles(), ...damagedFields(good), ...damagedContents(good)].map((broken) => {
    const path = join(folder, `${broken.fileName ?? broken.name}.gguf`)
    if (broken.bytes === 'folder') mkdirSync(path, { recursive: true })
    else writeFileSync(path, broken.bytes)
    return { name: broken.name, path, why: broken.why, nativeCrash: broken.nativeCrash ?? false }
  })
}

type Broken = {
  name: string
  /** Where the name alone would not do, as for the parts of a split file. */
  fileName?: string
  why: string
  bytes: Uint8Array | 'folder'
  nativeCrash?: true
}

/** Other things that people and download tools leave behind under a model's name. */
function foreignFiles(): Broken[] {
  return [
    { name: 'empty', why: 'the file has no bytes', bytes: Buffer.alloc(0) },
    { name: 'three-bytes', why: 'the file ends within the magic', bytes: Buffer.from('GGU') },
    { name: 'magic-only', why: 'the file ends after the magic', bytes: Buffer.from('GGUF') },
    { name: 'folder', why: 'it is a folder', bytes: 'folder' },
    { name: 'plain-text', why: 'it is a text', bytes: Buffer.from('Weights will be uploaded soon.\n'.repeat(50)) },
    {
      name: 'error-page',
      why: 'it is the web page of a failed download',
      bytes: Buffer.from('<!DOCTYPE html><html><head><title>403</title></head><body>Access denied</body></html>\n'),
    },
    {
      name: 'git-lfs-pointer',
      why: 'it is the pointer that git keeps instead of the file',
      bytes: Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 639446688\n`),
    },
    { name: 'pickle', why: 'it is a Python pickle', bytes: pickle() },
    {
      name: 'zip',
      why: 'it is a zip archive, as PyTorch writes checkpoints',
      bytes: zip('archive/data.pkl', pickle()),
    },
    { name: 'safetensors', why: 'it is a safetensors file', bytes: safetensors() },
  ]
}

/** One field of an otherwise sound file set to what it must not be. */
function damagedFields(good: GoodModel): Broken[] {
  const { layout, bytes } = good
  const firstKey = [...layout.metadata.values()][0]!
  const someKey = layout.metadata.get('general.name')!
  const [first, second] = [...layout.tensors.values()] as [TensorLayout, TensorLayout]
  return [
    { name: 'magic-wrong', why: 'the magic is GGML', bytes: good.patch((view) => view.setUint8(3, 0x4c)) },
    {
      name: 'version-99',
      why: 'its format version is 99',
      bytes: good.patch((view) => view.setUint32(layout.versionAt, 99, true)),
    },
    {
      name: 'version-1',
      why: 'its format version is 1, which had other field sizes',
      bytes: good.patch((view) => view.setUint32(layout.versionAt, 1, true)),
    },
    {
      name: 'big-endian',
      why: 'its version is written in the other byte order',
      bytes: good.patch((view) => view.setUint32(layout.versionAt, 3, false)),
    },
    {
      name: 'metadata-count-huge',
      why: 'it announces 2^40 metadata entries',
      bytes: good.patch((view) => view.setBigUint64(layout.metadataCountAt, 2n ** 40n, true)),
    },
    {
      name: 'metadata-count-negative',
      why: 'it announces -1 metadata entries',
      bytes: good.patch((view) => view.setBigInt64(layout.metadataCountAt, -1n, true)),
    },
    {
      name: 'tensor-count-huge',
      why: 'it announces 2^40 tensors',
      bytes: good.patch((view) => view.setBigUint64(layout.tensorCountAt, 2n ** 40n, true)),
    },
    {
      name: 'tensor-count-negative',
      why: 'it announces -1 tensors',
      bytes: good.patch((view) => view.setBigInt64(layout.tensorCountAt, -1n, true)),
    },
    {
      name: 'tensor-count-zero',
      why: 'it announces no tensors',
      bytes: good.patch((view) => view.setBigUint64(layout.tensorCountAt, 0n, true)),
    },
    {
      name: 'key-length-overflow',
      why: 'a metadata key is 2^64 - 1 bytes long',
      bytes: good.patch((view) => view.setBigInt64(firstKey.keyAt, -1n, true)),
    },
    {
      name: 'text-length-huge',
      why: 'a metadata text is 2^40 bytes long',
      bytes: good.patch((view) => view.setBigUint64(someKey.valueAt, 2n ** 40n, true)),
    },
    {
      name: 'metadata-type-unknown',
      why: 'a metadata value has type 99',
      bytes: good.patch((view) => view.setUint32(someKey.typeAt, 99, true)),
    },
    {
      name: 'array-length-huge',
      why: 'the list of tokens has 2^40 entries',
      bytes: good.patch((view) =>
        view.setBigUint64(layout.metadata.get('tokenizer.ggml.tokens')!.valueAt + 4, 2n ** 40n, true),
      ),
    },
    { name: 'header-truncated', why: 'it ends in the metadata', bytes: bytes.subarray(0, firstKey.valueAt + 400) },
    {
      name: 'tensor-infos-truncated',
      why: 'it ends in the list of tensors',
      bytes: bytes.subarray(0, layout.headerEnd - 100),
    },
    { name: 'data-missing', why: 'it ends after the header', bytes: bytes.subarray(0, layout.dataAt) },
    { name: 'data-truncated', why: 'the last 1,000 bytes are missing', bytes: bytes.subarray(0, bytes.length - 1000) },
    { name: 'half-downloaded', why: 'its second half is missing', bytes: bytes.subarray(0, bytes.length / 2) },
    {
      name: 'tensor-offset-past-end',
      why: 'a tensor starts behind the end of the file',
      bytes: good.patch((view) => view.setBigUint64(second.offsetAt, 2n ** 40n, true)),
    },
    {
      name: 'tensor-offset-misaligned',
      why: 'a tensor starts at an odd byte',
      bytes: good.patch((view) =>
        view.setBigUint64(second.offsetAt, view.getBigUint64(second.offsetAt, true) + 1n, true),
      ),
    },
    {
      name: 'tensor-offsets-overlap',
      why: 'two tensors start at the same byte',
      bytes: good.patch((view) => view.setBigUint64(second.offsetAt, 0n, true)),
    },
    {
      name: 'tensor-type-unknown',
      why: 'a tensor has type 9999',
      bytes: good.patch((view) => view.setUint32(first.typeAt, 9999, true)),
    },
    {
      name: 'tensor-type-removed',
      why: 'a tensor has type 4, which the format gave up',
      bytes: good.patch((view) => view.setUint32(first.typeAt, 4, true)),
    },
    {
      name: 'dimension-zero',
      why: 'a tensor has a dimension of 0',
      bytes: good.patch((view) => view.setBigUint64(first.dimensionsAt, 0n, true)),
    },
    {
      name: 'dimension-negative',
      why: 'a tensor has a dimension of -64',
      bytes: good.patch((view) => view.setBigInt64(first.dimensionsAt, -64n, true)),
    },
    {
      name: 'dimension-overflow',
      why: 'the size of a tensor overflows 64 bits',
      bytes: good.patch((view) => {
        view.setBigUint64(first.dimensionsAt, 2n ** 62n, true)
        view.setBigUint64(first.dimensionsAt + 8, 2n ** 62n, true)
      }),
    },
    {
      name: 'dimension-count-5',
      why: 'a tensor has five dimensions',
      bytes: good.patch((view) => view.setUint32(first.dimensionCountAt, 5, true)),
    },
  ]
}

/** Files that any GGUF reader can read, with contents that no engine can run. */
function damagedContents(good: GoodModel): Broken[] {
  const { architecture } = good
  const key = (name: string) => `${architecture}.${name}`
  const tokens = good.texts('tokenizer.ggml.tokens')
  const [firstTensor, secondTensor] = good.file.tensors as [GgufTensor, GgufTensor]
  return [
    {
      name: 'array-nesting-bomb',
      why: 'a metadata value is an array 20,000 arrays deep',
      bytes: good.insert('general.tags', nestedArrays(20_000)),
    },
    {
      name: 'key-twice',
      why: 'a metadata key appears twice',
      bytes: good.insert('general.architecture', typedText(architecture)),
    },
    { name: 'key-empty', why: 'a metadata key is empty', bytes: good.set('', text('nameless')) },
    { name: 'alignment-zero', why: 'its alignment is 0', bytes: good.set('general.alignment', u32(0)) },
    {
      name: 'alignment-not-a-power-of-two',
      why: 'its alignment is 48',
      bytes: good.set('general.alignment', u32(48)),
    },
    {
      name: 'alignment-wrong-type',
      why: 'its alignment is a text',
      bytes: good.set('general.alignment', text('32')),
    },
    {
      name: 'tensor-name-too-long',
      why: 'a tensor has a name of 300 letters',
      bytes: good.withTensors([{ ...firstTensor, name: 'x'.repeat(300) }, ...good.file.tensors.slice(1)]),
    },
    {
      name: 'tensor-name-twice',
      why: 'two tensors have the same name',
      bytes: good.withTensors([
        firstTensor,
        { ...secondTensor, name: firstTensor.name },
        ...good.file.tensors.slice(2),
      ]),
    },
    {
      name: 'architecture-missing',
      why: 'it does not say its architecture',
      bytes: good.without('general.architecture'),
    },
    {
      name: 'architecture-unknown',
      why: 'no engine knows its architecture',
      bytes: good.set('general.architecture', text('perceptron')),
    },
    {
      name: 'architecture-wrong-type',
      why: 'its architecture is a number',
      bytes: good.set('general.architecture', u32(3)),
    },
    {
      name: 'adapter-as-model',
      why: 'it is an adapter, not a model',
      bytes: encodeGguf(tinyLoraFile(good.file)),
    },
    {
      name: 'tokenizer-missing',
      why: 'it has no tokenizer',
      bytes: good.without(...good.keys('tokenizer.')),
    },
    { name: 'tokens-missing', why: 'it has no list of tokens', bytes: good.without('tokenizer.ggml.tokens') },
    { name: 'merges-missing', why: 'it has no merges', bytes: good.without('tokenizer.ggml.merges') },
    {
      name: 'tokens-wrong-type',
      why: 'its list of tokens holds numbers',
      bytes: good.set('tokenizer.ggml.tokens', {
        type: 'array',
        of: 'uint32',
        value: tokens.map((_, id) => id),
      }),
    },
    {
      name: 'tokens-too-few',
      why: 'it has ten tokens fewer than rows of embeddings',
      bytes: good.set('tokenizer.ggml.tokens', { type: 'array', of: 'string', value: tokens.slice(0, -10) }),
    },
    {
      name: 'token-twice',
      why: 'two tokens have the same text',
      bytes: good.set('tokenizer.ggml.tokens', {
        type: 'array',
        of: 'string',
        value: [...tokens.slice(0, -1), tokens[0]!],
      }),
      nativeCrash: true,
    },
    {
      name: 'token-types-too-few',
      why: 'it has fewer token types than tokens',
      bytes: good.set('tokenizer.ggml.token_type', { type: 'array', of: 'int32', value: [1, 1, 1] }),
    },
    {
      name: 'tokenizer-unknown',
      why: 'no engine knows its tokenizer',
      bytes: good.set('tokenizer.ggml.model', text('abacus')),
    },
    {
      name: 'tokenizer-none',
      why: 'it says that it has no tokenizer',
      bytes: good.set('tokenizer.ggml.model', text('none')),
      nativeCrash: true,
    },
    {
      name: 'tokenizer-of-another-kind',
      why: 'its byte-level tokens are announced as those of RWKV',
      bytes: good.set('tokenizer.ggml.model', text('rwkv')),
      nativeCrash: true,
    },
    {
      name: 'pre-tokenizer-unknown',
      why: 'no engine knows its way of splitting text',
      bytes: good.set('tokenizer.ggml.pre', text('abacus')),
    },
    {
      name: 'tensor-missing',
      why: 'it lacks one matrix of its second layer',
      bytes: good.withTensors(good.file.tensors.filter(({ name }) => name !== 'blk.1.attn_k.weight')),
    },
    {
      name: 'tensor-wrong-shape',
      why: 'one matrix lies on its side',
      bytes: good.withTensors(
        good.file.tensors.map((tensor) =>
          tensor.name === 'blk.1.ffn_up.weight' ? { ...tensor, shape: tensor.shape.toReversed() } : tensor,
        ),
      ),
    },
    {
      name: 'embedding-wrong-type',
      why: 'its embeddings are integers',
      bytes: good.retyped('token_embd.weight', INT16),
      nativeCrash: true,
    },
    {
      name: 'matrix-wrong-type',
      why: 'one matrix is made of integers',
      bytes: good.retyped('blk.0.attn_q.weight', INT16),
      nativeCrash: true,
    },
    {
      name: 'norm-wrong-type',
      why: 'one norm is made of integers',
      bytes: good.retyped('blk.0.attn_norm.weight', INT32),
      nativeCrash: true,
    },
    {
      name: 'layer-count-missing',
      why: 'it does not say how many layers it has',
      bytes: good.without(key('block_count')),
    },
    {
      name: 'layer-count-zero',
      why: 'it has 0 layers',
      bytes: good.set(key('block_count'), u32(0)),
      nativeCrash: true,
    },
    {
      name: 'layer-count-too-large',
      why: 'it says it has one layer more than it has',
      bytes: good.set(key('block_count'), u32(good.number(key('block_count')) + 1)),
    },
    {
      name: 'layer-count-huge',
      why: 'it says it has 100,000 layers',
      bytes: good.set(key('block_count'), u32(100_000)),
      nativeCrash: true,
    },
    {
      name: 'layer-count-wrong-type',
      why: 'its number of layers is a text',
      bytes: good.set(key('block_count'), text('four')),
    },
    {
      name: 'embedding-length-zero',
      why: 'its hidden state has 0 numbers',
      bytes: good.set(key('embedding_length'), u32(0)),
      nativeCrash: true,
    },
    {
      name: 'feed-forward-length-zero',
      why: 'its feed-forward layers are 0 wide',
      bytes: good.set(key('feed_forward_length'), u32(0)),
      nativeCrash: true,
    },
    {
      name: 'next-token-layers-too-many',
      why: 'it has more layers for guessing ahead than layers',
      bytes: good.set(key('nextn_predict_layers'), u32(1000)),
      nativeCrash: true,
    },
    {
      name: 'context-length-missing',
      why: 'it does not say its longest context',
      bytes: good.without(key('context_length')),
    },
    {
      name: 'head-count-zero',
      why: 'it has 0 attention heads',
      bytes: good.set(key('attention.head_count'), u32(0)),
      nativeCrash: true,
    },
    {
      name: 'head-count-kv-zero',
      why: 'it has 0 key-value heads',
      bytes: good.set(key('attention.head_count_kv'), u32(0)),
      nativeCrash: true,
    },
    {
      name: 'head-size-mismatch',
      why: 'its head size says 48 where its matrices have 32',
      bytes: good.set(key('attention.key_length'), u32(48)),
    },
    {
      name: 'rope-size-mismatch',
      why: 'its rotary size is not its head size',
      bytes: good.set(key('rope.dimension_count'), u32(31)),
      nativeCrash: true,
    },
    {
      name: 'rope-size-too-large',
      why: 'its rotary size is twice its head size',
      bytes: good.set(key('rope.dimension_count'), u32(2 * good.number(key('attention.key_length')))),
      nativeCrash: true,
    },
    {
      name: 'rope-scaling-unknown',
      why: 'no engine knows its way of stretching positions',
      bytes: good.set(key('rope.scaling.type'), text('elastic')),
      nativeCrash: true,
    },
    {
      name: 'experts-used-without-experts',
      why: 'it uses two of its zero experts',
      bytes: good.set(key('expert_used_count'), u32(2)),
      nativeCrash: true,
    },
    {
      name: 'experts-without-use',
      why: 'it has four experts and uses none',
      bytes: good.set(key('expert_count'), u32(4)),
      nativeCrash: true,
    },
    {
      name: 'expert-count-huge',
      why: 'it says it has 2^31 experts',
      bytes: good.set(key('expert_count'), u32(2 ** 31)),
      nativeCrash: true,
    },
    {
      name: 'norm-epsilon-missing',
      why: 'it does not say the epsilon of its norms',
      bytes: good.without(key('attention.layer_norm_rms_epsilon')),
    },
    {
      name: 'norm-epsilon-negative',
      why: 'the epsilon of its norms is below zero',
      bytes: good.set(key('attention.layer_norm_rms_epsilon'), f32(-1)),
      nativeCrash: true,
    },
    {
      name: 'norm-epsilon-nan',
      why: 'the epsilon of its norms is not a number',
      bytes: good.set(key('attention.layer_norm_rms_epsilon'), f32(Number.NaN)),
      nativeCrash: true,
    },
    {
      name: 'split-second-part-missing',
      fileName: 'split-second-part-missing-00001-of-00002',
      why: 'it is the first of two parts, and the second is not there',
      bytes: good.asPart(0, 2),
    },
    {
      name: 'split-part-truncated',
      fileName: 'split-part-truncated-00001-of-00001',
      why: 'it is a part of a split file and ends too early',
      bytes: good.asPart(0, 1).subarray(0, -5000),
    },
    {
      name: 'split-wrong-part',
      fileName: 'split-wrong-part-00002-of-00002',
      why: 'it is the second of two parts',
      bytes: good.asPart(1, 2),
    },
  ]
}

/** `ggml_type` of whole numbers, which are as wide as the f16 and f32 they stand in for, so that every offset holds. */
const INT16 = 25
const INT32 = 26

type TensorLayout = GgufLayout['tensors'] extends ReadonlyMap<string, infer Layout> ? Layout : never

/** A sound file, and ways to make an unsound copy of it. */
class GoodModel {
  readonly bytes: Uint8Array
  readonly file: GgufFile
  readonly layout: GgufLayout

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    const { file, layout } = readGguf(bytes)
    this.file = file
    this.layout = layout
  }

  get architecture(): string {
    const value = this.file.metadata.get('general.architecture')
    if (value?.type !== 'string') throw new Error('the good model does not say its architecture')
    return value.value
  }

  keys(prefix: string): string[] {
    return [...this.file.metadata.keys()].filter((key) => key.startsWith(prefix))
  }

  number(key: string): number {
    const value = this.file.metadata.get(key)
    if (value?.type !== 'uint32') throw new Error(`the good model has no number ${key}`)
    return value.value
  }

  texts(key: string): readonly string[] {
    const value = this.file.metadata.get(key)
    if (value?.type !== 'array' || value.of !== 'string') throw new Error(`the good model has no list ${key}`)
    return value.value
  }

  /** A copy with some bytes overwritten. */
  patch(edit: (view: DataView) => void): Uint8Array {
    const copy = Uint8Array.from(this.bytes)
    edit(new DataView(copy.buffer))
    return copy
  }

  set(key: string, value: GgufValue): Uint8Array {
    return encodeGguf({ ...this.file, metadata: new Map([...this.file.metadata, [key, value]]) })
  }

  without(...keys: string[]): Uint8Array {
    const kept = [...this.file.metadata].filter(([key]) => !keys.includes(key))
    return encodeGguf({ ...this.file, metadata: new Map(kept) })
  }

  withTensors(tensors: readonly GgufTensor[]): Uint8Array {
    return encodeGguf({ ...this.file, tensors })
  }

  /** A copy in which one tensor's bytes are said to be of another type of the same width. */
  retyped(name: string, type: number): Uint8Array {
    return this.withTensors(this.file.tensors.map((tensor) => (tensor.name === name ? { ...tensor, type } : tensor)))
  }

  /** A copy that says it is a part of a split file. @param part counted from 0 */
  asPart(part: number, parts: number): Uint8Array {
    const split = new Map<string, GgufValue>([
      ['split.no', { type: 'uint16', value: part }],
      ['split.count', { type: 'uint16', value: parts }],
      ['split.tensors.count', { type: 'int32', value: this.file.tensors.length }],
    ])
    return encodeGguf({ ...this.file, metadata: new Map([...this.file.metadata, ...split]) })
  }

  /** A copy with one more metadata entry in front, which may be one that `encodeGguf` cannot express. */
  insert(key: string, typeAndValue: Uint8Array): Uint8Array {
    const { metadataCountAt, headerEnd, dataAt } = this.layout
    const firstEntryAt = metadataCountAt + 8
    const header = Buffer.concat([
      this.bytes.subarray(0, firstEntryAt),
      lengthAndText(key),
      typeAndValue,
      this.bytes.subarray(firstEntryAt, headerEnd),
    ])
    header.writeBigUInt64LE(BigInt(this.file.metadata.size + 1), metadataCountAt)
    const padding = padded(header.length, alignmentOf(this.file.metadata)) - header.length
    return Buffer.concat([header, Buffer.alloc(padding), this.bytes.subarray(dataAt)])
  }
}

function lengthAndText(value: string): Uint8Array {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint64(bytes.length), bytes])
}

function typedText(value: string): Uint8Array {
  return Buffer.concat([uint32(GGUF_VALUE_TYPES.string), lengthAndText(value)])
}

function nestedArrays(depth: number): Uint8Array {
  const level = Buffer.concat([uint32(GGUF_VALUE_TYPES.array), uint64(1)])
  const innermost = Buffer.concat([uint32(GGUF_VALUE_TYPES.uint8), uint64(0)])
  return Buffer.concat([uint32(GGUF_VALUE_TYPES.array), ...Array.from({ length: depth }, () => level), innermost])
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

/** `{'weight': 'x' * 300}` in protocol 2: a dictionary with one text, as a small checkpoint begins. */
function pickle(): Uint8Array {
  return Buffer.concat([
    Buffer.from([0x80, 0x02, 0x7d]),
    ...['weight', 'x'.repeat(300)].map((word) =>
      Buffer.concat([Buffer.from('X'), uint32(word.length), Buffer.from(word)]),
    ),
    Buffer.from('s.'),
  ])
}

/** A zip archive of one uncompressed file. */
function zip(name: string, content: Uint8Array): Uint8Array {
  const shared = Buffer.alloc(26)
  shared.writeUInt16LE(20, 0)
  shared.writeUInt32LE(crc32(content), 10)
  shared.writeUInt32LE(content.length, 14)
  shared.writeUInt32LE(content.length, 18)
  shared.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), content])
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02'),
    Buffer.from([20, 0]),
    shared,
    Buffer.alloc(14),
    Buffer.from(name),
  ])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, central, end])
}

function safetensors(): Uint8Array {
  const header = Buffer.from(JSON.stringify({ weight: { dtype: 'F32', shape: [64], data_offsets: [0, 256] } }))
  return Buffer.concat([uint64(header.length), header, Buffer.alloc(256)])
}
