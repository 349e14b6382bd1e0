/** Embeddings: lines of text, and how alike each two of them are to a model. */
import { useMutation } from '@tanstack/react-query'
import { Code, Empty, Note, Trouble, useFormat } from '../../ui/index.ts'
import { Matrix } from '../../ui/matrix.tsx'
import { embeddingBody } from './chat-request.ts'
import { Compose } from './compose.tsx'
import { callPublic } from './console-key.ts'
import { type Desk, useDesk } from './desk.ts'
import { Heads, PhoneHeads } from './heads.tsx'
import { usePlaygroundWords } from './playground-words.ts'
import { samplesOf } from './request-code.ts'
import { linesIn, similarities, TEXTS_MAX } from './similarity.ts'

type Answer = { data: { embedding: number[] }[]; usage: { prompt_tokens: number } }
type Compared = { model: string; texts: string[]; values: number[][]; dimensions: number; tokens: number; ms: number }

export function EmbeddingsMode({
  desk,
  projectId,
  onModels,
  onCode,
}: {
  desk: Desk
  projectId: string
  onModels: (models: string[]) => void
  onCode: (model: string) => void
}) {
  const t = usePlaygroundWords()
  const models = useDesk(desk, ({ doc }) => doc.models)
  const inputs = useDesk(desk, ({ doc }) => doc.inputs)
  const text = inputs.join('\n')
  const lines = linesIn(text)
  const model = models[0] ?? ''
  const compare = useMutation({
    mutationFn: async (): Promise<Compared> => {
      const startedAt = performance.now()
      const body = { ...embeddingBody(model, lines), encoding_format: 'float' }
      const answer = (await (await callPublic(projectId, '/v1/embeddings', body)).json()) as Answer
      const vectors = answer.data.map(({ embedding }) => embedding)
      return {
        model,
        texts: lines,
        values: similarities(vectors),
        dimensions: vectors[0]?.length ?? 0,
        tokens: answer.usage.prompt_tokens,
        ms: performance.now() - startedAt,
      }
    },
  })
  const heads = { models: models.slice(0, 1), task: 'embedding' as const, onModels, onCode }
  return (
    <div className="talks">
      <PhoneHeads {...heads} now={model} onNow={() => {}} />
      <Heads {...heads} />
      <div className="flow workspace">
        {compare.error && <Trouble error={compare.error} retry={() => compare.mutate()} />}
        {compare.data ? (
          <Result
            compared={compare.data}
            stale={compare.data.texts.join('\n') !== lines.join('\n') || compare.data.model !== model}
          />
        ) : (
          !compare.isPending &&
          !compare.error && (
            <Empty
              title={t('empty-embeddings')}
              beside={
                <Code
                  samples={samplesOf(
                    location.origin,
                    '/v1/embeddings',
                    embeddingBody(model, t('embedding-lines').split('\n')),
                  )}
                  foot={t('code-foot')}
                />
              }
            >
              <p>{t('empty-embeddings-says')}</p>
              <ul className="tries" aria-label={t('tries')}>
                <li>
                  <button
                    type="button"
                    className="try"
                    onClick={() => desk.change((now) => ({ ...now, inputs: t('embedding-lines').split('\n') }))}
                  >
                    {t('use-example')}
                  </button>
                </li>
              </ul>
            </Empty>
          )
        )}
        {compare.isPending && <p className="waits">{t('comparing')}</p>}
      </div>
      <Compose
        text={text}
        onText={(typed) =>
          desk.change((now) => ({ ...now, inputs: typed === '' ? [] : typed.split('\n').slice(0, 256) }))
        }
        label={t('texts')}
        placeholder={t('texts-hint')}
        send={t('compare')}
        rows={5}
        hint={t('lines', { count: lines.length })}
        blocked={lines.length > TEXTS_MAX ? t('too-many-lines', { max: TEXTS_MAX }) : null}
        running={compare.isPending}
        onSend={() => compare.mutate()}
        onStop={() => compare.reset()}
      />
    </div>
  )
}

function Result({ compared, stale }: { compared: Compared; stale: boolean }) {
  const t = usePlaygroundWords()
  const format = useFormat()
  return (
    <>
      <p className="measure over">
        <span>
          <b>{format.number(compared.texts.length)}</b> {t('measure-texts')}
        </span>
        <span>
          <b>{format.number(compared.dimensions)}</b> {t('measure-dimensions')}
        </span>
        <span>
          <b>{format.number(compared.tokens)}</b> {t('measure-tokens-in')}
        </span>
        <span>
          <b>{format.duration(compared.ms)}</b> {t('measure-time')}
        </span>
      </p>
      {stale && <Note>{t('stale-matrix')}</Note>}
      <Matrix
        label={t('matrix-label', { count: compared.texts.length })}
        names={compared.texts}
        values={compared.values}
      />
    </>
  )
}
