import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError } from '../../api/client.ts'
import {
  Bones,
  Button,
  Note,
  Tag,
  TextField,
  Tick,
  Trouble,
  toast,
  useFitReason,
  useFormat,
  useKeptTrouble,
} from '../../ui/index.ts'
import type { AddFrame } from './add-model.tsx'
import { bestFile } from './best-file.ts'
import { FitChoices } from './fit-choices.tsx'
import { type Pull, pullModel, type Repository, repositoryQuery } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { parametersInWords } from './parameters.ts'
import { PullTrouble } from './pull-trouble.tsx'
import { isId, repositoryIn } from './repository-name.ts'
import { useCall } from './use-call.ts'

/** Without a token that the hub accepts, a pull would be refused too. */
const ASKS_FIRST = new Set(['catalog.gated', 'catalog.hub_token_refused'])

/** Looks a repository up, shows its files with their fit, and pulls one. */
export function AddFromHub({
  repo,
  onRepo,
  frame,
  onClose,
}: {
  repo: string
  onRepo: (repo: string) => void
  frame: AddFrame
  onClose: () => void
}) {
  const t = useModelsWords()
  const format = useFormat()
  const reasonOf = useFitReason()
  const [typed, setTyped] = useState(repo)
  const [chosen, setChosen] = useState<string | null>(null)
  const [as, setAs] = useState('')
  const [anyway, setAnyway] = useState(false)
  const found = useQuery(repositoryQuery(repo))
  const wanted = repositoryIn(typed)
  const usable = found.data?.files.filter((file) => file.unusable === null) ?? []
  const file = usable.find((one) => one.reference === chosen) ?? bestFile(usable)
  const tooLarge = file?.fit?.verdict === 'does-not-fit'
  const mustName = file !== null && (file.id_taken || file.id === null)
  const call =
    file &&
    pullModel(file.reference, {
      ...(as ? { as } : {}),
      ...(tooLarge ? { even_if_it_does_not_fit: anyway } : {}),
    })
  const pull = useCall<Pull>((begun) => {
    toast({ title: t('pull-begun', { name: begun.model_name }), says: t('stays') })
    onClose()
  })
  const isRefused = ASKS_FIRST.has(found.data?.header_problem?.code ?? '')
  const ready =
    file !== null && !isRefused && !file.here && (!mustName || isId(as)) && (!tooLarge || anyway) && !found.error
  const look = () => wanted && (wanted === repo ? void found.refetch() : onRepo(wanted))
  return frame(
    <>
      <form
        className="look-up"
        onSubmit={(event) => {
          event.preventDefault()
          look()
        }}
      >
        <TextField
          label={t('repository')}
          help={t('repository-help')}
          error={typed.trim() !== '' && !wanted ? t('repository-wrong') : null}
          value={typed}
          onChange={setTyped}
          placeholder="Qwen/Qwen3-0.6B-GGUF"
          autoComplete="off"
          spellCheck={false}
        />
        <Button type="submit" busy={found.isFetching} disabled={!wanted}>
          {t('look-up')}
        </Button>
      </form>
      {found.isPending && found.isFetching && <Bones rows={3} />}
      {found.error && !found.isFetching && <HubTrouble error={found.error} />}
      {found.data && <WhatItIs of={found.data} />}
      {found.data && usable.length === 0 && <Note>{t('no-files')}</Note>}
      {usable.length > 0 && (
        <FitChoices
          label={t('file')}
          value={file?.reference ?? null}
          onChange={setChosen}
          choices={usable.map((one) => ({
            value: one.reference,
            name: one.quantisation ?? one.path.split('/').at(-1) ?? one.path,
            note: one.here ? t('is-here') : undefined,
            bytes: one.bytes,
            fit: one.fit,
            disabled: one.here,
          }))}
        />
      )}
      {found.data && found.data.files.length > usable.length && (
        <p className="small faint">{t('not-usable', { count: found.data.files.length - usable.length })}</p>
      )}
      {file && (
        <p className="t13 soft">
          {file.fit && reasonOf(file.fit)} <code className="breaks">{file.path}</code>
        </p>
      )}
      {file && !file.here && (
        <TextField
          label={t('id')}
          optional={!mustName}
          help={mustName ? t('id-taken', { id: file.id ?? '' }) : t('id-will-be', { id: file.id ?? '' })}
          value={as}
          onChange={setAs}
          autoComplete="off"
          spellCheck={false}
          error={as !== '' && !isId(as) ? t('id-wrong') : null}
        />
      )}
      {tooLarge && (
        <Tick on={anyway} onChange={setAnyway}>
          {t('pull-anyway')}
        </Tick>
      )}
      {pull.error && <HubTrouble error={pull.error} />}
    </>,
    {
      call,
      label: file && !file.here ? t('pull-amount', { amount: format.amount(file.bytes) }) : t('pull'),
      busy: pull.isPending,
      ready,
      onDo: () => call && pull.mutate(call),
    },
  )
}

function HubTrouble({ error }: { error: unknown }) {
  return error instanceof ApiError && error.code.startsWith('catalog.') ? (
    <PullTrouble error={error} />
  ) : (
    <Trouble error={error} />
  )
}

function WhatItIs({
  of: { name, url, model, licence_id: licence, gated, header_problem: problem },
}: {
  of: Repository
}) {
  const t = useModelsWords()
  const format = useFormat()
  const say = useKeptTrouble()
  return (
    <>
      <p className="t13">
        <a href={url} target="_blank" rel="noreferrer">
          {name}
        </a>{' '}
        {gated && <Tag tone="warn">{t('gated')}</Tag>} {licence && <Tag>{licence}</Tag>}
        {model && (
          <span className="soft">
            {' '}
            {t('repository-is', {
              name: model.name,
              parameters: parametersInWords(model.parameters_total),
              context: format.number(model.context_tokens),
            })}
          </span>
        )}
      </p>
      {problem &&
        (ASKS_FIRST.has(problem.code) ? (
          <PullTrouble error={problem} />
        ) : (
          <Note tone="warn">
            {t('header-problem')} {say(problem)}
          </Note>
        ))}
    </>
  )
}
