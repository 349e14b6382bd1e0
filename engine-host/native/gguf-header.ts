/** What the header of a GGUF file holds, for those who read it and those who judge it. */

export type GgufValue = number | bigint | boolean | string | GgufArray
/** `numbers` of short numeric lists and `texts` of the vocabulary are kept; of the others, only the length. */
export type GgufArray = { arrayOf: number; length: number; numbers: number[] | null; texts: string[] | null }
export type GgufMetadata = ReadonlyMap<string, GgufValue>
export type GgufTensor = { name: string; shape: readonly number[]; type: number }

/** Numbers above 2⁵³ lose their last digits, which no size in a model has. */
export function numberOf(value: GgufValue | undefined): number | null {
  if (typeof value === 'number') return value
  return typeof value === 'bigint' ? Number(value) : null
}
