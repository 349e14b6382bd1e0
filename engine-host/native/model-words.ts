/** The half of a `TokenEngine` that needs a model but no computing: vocabulary, template, grammar, facts. */
import type { Token as LibraryToken, Llama, LlamaModel } from 'node-llama-cpp'
import { EngineError, type ModelFacts, type Token } from '../token-engine.ts'
import { compileTemplate, type JinjaRenderer, parseGrammar, type RawGrammar } from './nlc-raw.ts'
import { slicingFacts, textSlicer } from './text-slices.ts'
import { controlTexts, tokenBytes, tokenBytesMax, type VocabularyData, vocabularyOf } from './vocabulary.ts'

export type ModelWords = ReturnType<typeof createModelWords>

/** Compiled templates and grammars that are kept. Chat servers use one template and a handful of schemas. */
const KEPT_MAX = 64

/** @param fallbackTemplates compiles a template where the library's own engine is missing */
export function createModelWords(
  llama: Llama,
  model: LlamaModel,
  limits: { contextTokens: number; sequences: number },
  fallbackTemplates: ((template: string) => JinjaRenderer) | null = null,
) {
  const vocabulary: VocabularyData = vocabularyOf(model)
  const templates = new Map<string, JinjaRenderer>()
  const grammars = new Map<string, RawGrammar>()
  const slices = textSlicer(slicingFacts(vocabulary, addsSpace(model, vocabulary)))
  const endOfGeneration = new Map<Token, boolean>()
  const template = model.fileInfo.metadata.tokenizer?.chat_template

  const facts: ModelFacts = {
    architecture: String(model.fileInfo.metadata.general?.architecture ?? ''),
    contextTokens: limits.contextTokens,
    sequences: limits.sequences,
    vocabularySize: vocabulary.texts.length,
    embeddingSize: model.embeddingVectorSize,
    trainedContextTokens: model.trainContextSize,
    bosToken: model.tokens.bosString ?? '',
    eosToken: model.tokens.eosString ?? '',
    tokenBytesMax: tokenBytesMax(vocabulary),
    controlTexts: controlTexts(vocabulary),
    chatTemplate: typeof template === 'string' && template !== '' ? template : null,
  }

  return {
    facts,

    tokenize(text: string, special: boolean): Token[] {
      return model.tokenize(text, special)
    },

    slices,

    withBos(tokens: Token[]): Token[] {
      const { bos, shouldPrependBosToken } = model.tokens
      return bos !== null && shouldPrependBosToken && tokens[0] !== bos ? [bos, ...tokens] : tokens
    },

    tokenBytes(token: Token, special: boolean): Uint8Array {
      return tokenBytes(vocabulary, token, special)
    },

    isEndOfGeneration(token: Token): boolean {
      let is = endOfGeneration.get(token)
      if (is === undefined) {
        is = model.isEogToken(token as LibraryToken)
        endOfGeneration.set(token, is)
      }
      return is
    },

    renderTemplate(source: string, values: Record<string, unknown>): string {
      try {
        let renderer = templates.get(source)
        if (renderer === undefined) {
          renderer = compileTemplate(llama, source) ?? fallbackTemplates?.(source)
          if (renderer === undefined) throw new Error('this engine library has no template engine')
          keep(templates, source, renderer)
        }
        return renderer.render(values)
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        const words = message.replace(/^AddonJinjaRenderer: failed to (render|compile) template: /, '')
        throw new EngineError('engine.template_failed', `The model's chat template refused this: ${words}`, {
          cause: error,
        })
      }
    },

    /** Compiled once per text. @throws EngineError `engine.grammar_invalid` */
    parseGrammar(gbnf: string): RawGrammar {
      let grammar = grammars.get(gbnf)
      if (grammar === undefined) {
        try {
          // llama.cpp takes an empty grammar for none, which would let everything pass.
          if (gbnf.trim() === '') throw new Error('it is empty')
          grammar = parseGrammar(llama, gbnf)
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error)
          throw new EngineError('engine.grammar_invalid', `The grammar cannot be used: ${message}.`, { cause: error })
        }
        keep(grammars, gbnf, grammar)
      }
      return grammar
    },
  }
}

/** Where the header is silent, SentencePiece's kinds put a space before each text, as llama.cpp has it. */
function addsSpace(model: LlamaModel, { kind }: VocabularyData): boolean {
  const said = (model.fileInfo.metadata.tokenizer?.ggml as { add_space_prefix?: unknown } | undefined)?.add_space_prefix
  return typeof said === 'boolean' ? said : kind === 'llama' || kind === 't5'
}

function keep<Value>(kept: Map<string, Value>, key: string, value: Value): void {
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value as string)
  kept.set(key, value)
}
