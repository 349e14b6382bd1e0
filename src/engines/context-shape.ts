/**
 * How much context a model gets when nobody says: the largest shape that leaves room for others.
 *
 * Each sequence owns its context (it cannot borrow from another), so memory is tokens × sequences. Many short
 * conversations are commoner than one long one, so sequences are given up last.
 */
import type { ContextShape } from '../../engine-host/estimate.ts'

const CONTEXTS = [8192, 4096]
/** Only where no longer one fits: too short for a document or a coding agent. */
const SHORT_CONTEXT = 2048
const SEQUENCES = [8, 4, 2, 1]
/**
 * A context may take this share of the whole budget before a smaller shape is preferred. Low, since all of it is cleared
 * when a model is loaded: a gigabyte costs half a second.
 */
const BUDGET_SHARE = 0.06

/** Shapes to consider, best first. A wish leaves only what it allows. */
export function shapesFor(
  trainedContextTokens: number,
  wish: { contextTokens?: number; sequences?: number },
): ContextShape[] {
  const longest = trainedContextTokens > 0 ? trainedContextTokens : 8192
  const contexts = wish.contextTokens
    ? [Math.min(wish.contextTokens, longest)]
    : [...new Set(CONTEXTS.map((tokens) => Math.min(tokens, longest)))]
  const counts = wish.sequences ? [wish.sequences] : SEQUENCES
  const shapes = counts.flatMap((sequences) => contexts.map((contextTokens) => ({ contextTokens, sequences })))
  const short =
    wish.contextTokens || longest <= SHORT_CONTEXT
      ? []
      : counts.map((sequences) => ({ contextTokens: SHORT_CONTEXT, sequences }))
  return [...shapes, ...short]
}

export type ShapeChoice = { shape: ContextShape; contextBytes: number } | { neededBytes: number }

/** @returns the first shape that fits modestly, else the smallest that fits at all, else what the smallest would need */
export function chooseShape(
  shapes: ContextShape[],
  contextBytes: number[],
  weightsBytes: number,
  memory: { freeBytes: number; budgetBytes: number },
): ShapeChoice {
  const priced = shapes.map((shape, index) => ({
    shape,
    contextBytes: contextBytes[index] ?? Number.POSITIVE_INFINITY,
  }))
  const fits = priced.filter((choice) => weightsBytes + choice.contextBytes <= memory.freeBytes)
  const modest = fits.find((choice) => choice.contextBytes <= memory.budgetBytes * BUDGET_SHARE)
  const smallest = [...priced].sort((a, b) => a.contextBytes - b.contextBytes)[0]
  const chosen = modest ?? [...fits].sort((a, b) => a.contextBytes - b.contextBytes)[0]
  return chosen ?? { neededBytes: weightsBytes + (smallest?.contextBytes ?? 0) }
}
