/** Tokens: how a model cuts a text, each token with its id, and how many there are. */
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Button, Code, Empty, Segments, Trouble, useFormat } from '../../ui/index.ts'
import { tokenizeBody } from './chat-request.ts'
import { Compose } from './compose.tsx'
import { callPublic } from './console-key.ts'
import { type Desk, useDesk } from './desk.ts'
import { Heads, PhoneHeads } from './heads.tsx'
import { useModelsHere } from './playground-api.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { samplesOf } from './request-code.ts'
import { piecesOf } from './token-pieces.ts'

type Answer = { tokens: number[]; count: number; max_model_len: number; token_strs: string[] }
/** `asChat`: the template is in it, so its tokens are not those of the text alone. */
type Cut = Answer & { characters: number; asChat: boolean }

const SHOWN_AT_FIRST = 1_000
/** After so long without a key, where the model is loaded, the text is cut by itself. */
const CUT_AFTER_MS = 400

export function TokensMode({
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
  const model = useDesk(desk, ({ doc }) => doc.models[0] ?? '')
  const text = useDesk(desk, ({ doc }) => doc.inputs[0] ?? '')
  const [asChat, setAsChat] = useState(false)
  const { models } = useModelsHere(null)
  const isChatModel = models.find(({ id }) => id === model)?.task !== 'embedding'
  const chat = asChat && isChatModel
  const cut = useMutation({
    mutationFn: async (): Promise<Cut> => {
      const answer = await callPublic(projectId, '/tokenize', tokenizeBody(model, text, chat))
      return { ...((await answer.json()) as Answer), characters: [...text].length, asChat: chat }
    },
  })
  const { mutate } = cut
  const loaded = models.find(({ id }) => id === model)?.state === 'loaded'
  useEffect(() => {
    if (!loaded || text.trim() === '') return
    const timer = setTimeout(() => mutate(), CUT_AFTER_MS)
    return () => clearTimeout(timer)
  }, [mutate, loaded, text, model, chat])
  const heads = { models: [model], task: null, onModels, onCode }
  return (
    <div className="talks">
      <PhoneHeads {...heads} now={model} onNow={() => {}} />
      <Heads {...heads} />
      <div className="flow workspace">
        {cut.error && <Trouble error={cut.error} retry={() => cut.mutate()} />}
        {cut.data && text !== '' ? (
          <Result cut={cut.data} />
        ) : (
          !cut.error && (
            <Empty
              title={t('empty-tokens')}
              beside={
                <Code
                  samples={samplesOf(location.origin, '/tokenize', tokenizeBody(model, t('token-example'), chat))}
                  foot={t('code-foot')}
                />
              }
            >
              <p>{t('empty-tokens-says')}</p>
              <ul className="tries" aria-label={t('tries')}>
                <li>
                  <button
                    type="button"
                    className="try"
                    onClick={() => desk.change((now) => ({ ...now, inputs: [t('token-example')] }))}
                  >
                    {t('token-example')}
                  </button>
                </li>
              </ul>
            </Empty>
          )
        )}
      </div>
      <Compose
        text={text}
        onText={(typed) => desk.change((now) => ({ ...now, inputs: typed === '' ? [] : [typed] }))}
        label={t('text')}
        placeholder={t('text-hint')}
        send={t('cut')}
        rows={5}
        running={cut.isPending && !loaded}
        onSend={() => cut.mutate()}
        onStop={() => cut.reset()}
        before={
          isChatModel && (
            <Segments
              label={t('read-as')}
              value={chat ? 'chat' : 'text'}
              onChange={(value) => setAsChat(value === 'chat')}
              choices={[
                { value: 'text', label: t('as-text') },
                { value: 'chat', label: t('as-message') },
              ]}
            />
          )
        }
      />
    </div>
  )
}

function Result({ cut }: { cut: Cut }) {
  const t = usePlaygroundWords()
  const format = useFormat()
  const [shown, setShown] = useState(SHOWN_AT_FIRST)
  const pieces = piecesOf(cut.tokens.slice(0, shown), cut.token_strs)
  return (
    <>
      <p className="measure over">
        <span>
          <b>{format.number(cut.count)}</b> {t('measure-tokens', { count: cut.count })}
        </span>
        <span>
          <b>{format.number(cut.characters)}</b> {t('measure-characters', { count: cut.characters })}
        </span>
        {cut.count > 0 && !cut.asChat && (
          <span>
            <b>{format.figure(cut.characters / cut.count, 2)}</b> {t('measure-per-token')}
          </span>
        )}
        <span>
          <b>{format.percent(cut.count / cut.max_model_len)}</b>{' '}
          {t('measure-context', { total: format.number(cut.max_model_len) })}
        </span>
      </p>
      <ol className="token-chips" aria-label={t('mode-tokens')}>
        {pieces.map((piece, index) => (
          <li key={index} className={`token ${piece.kind}`}>
            <span>{piece.kind === 'part' ? t('part-of-character') : piece.text}</span>
            <small>{piece.id}</small>
          </li>
        ))}
      </ol>
      {cut.count > shown && (
        <div className="more-row">
          <Button small onClick={() => setShown(shown + SHOWN_AT_FIRST)}>
            {t('more-tokens', { amount: format.number(cut.count - shown) })}
          </Button>
        </div>
      )}
    </>
  )
}
