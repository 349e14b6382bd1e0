/**
 * Of the memory that models may take together, what neither they have set aside nor one more could take: other programs
 * hold it. Below a tenth of a gigabyte it is not worth a word. Pure.
 */
export function othersTake(memory: { budget_bytes: number; used_bytes: number; free_bytes: number }): number {
  const others = memory.budget_bytes - memory.used_bytes - memory.free_bytes
  return others < 100e6 ? 0 : others
}
