import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import {
  Button,
  Dialog,
  FitState,
  Loaded,
  Note,
  SelectField,
  ShowCall,
  Trouble,
  toast,
  useFitReason,
  useFormat,
} from '../../ui/index.ts'
import { MemoryBar } from './memory-bar.tsx'
import { type Estimate, fitQuery, loadModel, type Model, modelQuery } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { contextChoices } from './parameters.ts'
import { useCall } from './use-call.ts'

const SEQUENCES = [1, 2, 4, 8, 16, 32] as const
/** What fits is chosen by the server. */
const AS_FITS = 'fits'

/** Serves a model: with how much context, for how many at once, what that takes and what would have to go. */
export function LoadDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useModelsWords()
  const format = useFormat()
  const detail = useQuery(modelQuery(id))
  const model = detail.data?.model
  const [context, setContext] = useState(AS_FITS)
  const [sequences, setSequences] = useState(AS_FITS)
  const wish = {
    ...(context === AS_FITS ? {} : { context_tokens: Number(context) }),
    ...(sequences === AS_FITS ? {} : { sequences: Number(sequences) }),
  }
  const fit = useQuery(fitQuery(id, wish))
  const call = loadModel(id, wish)
  const name = model?.name ?? id
  const isOpen = useRef(true)
  useEffect(() => {
    isOpen.current = true
    return () => {
      isOpen.current = false
    }
  }, [])
  const load = useCall<Model>(
    () => {
      toast({ title: t('load-done', { name }) })
      if (isOpen.current) onClose()
    },
    (error) => {
      if (!isOpen.current) toast({ title: t('load-failed', { name }), says: error.message }, 'bad')
    },
  )
  const estimate = fit.data
  const fitsNot = estimate?.verdict === 'does-not-fit'
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('load-of', { name })}
      says={t(model?.state === 'loaded' ? 'load-again-says' : 'load-says')}
      foot={<ShowCall call={call} />}
      acts={
        <>
          <Button onClick={onClose}>{t(load.isPending ? 'close' : 'cancel')}</Button>
          <Button
            look="primary"
            busy={load.isPending}
            disabled={!estimate || fitsNot || fit.error !== null}
            onClick={() => load.mutate(call)}
          >
            {t(load.isPending ? 'state-loading' : model?.state === 'loaded' ? 'load-again' : 'load')}
          </Button>
        </>
      }
    >
      <Loaded query={detail} rows={3}>
        {({ model: { context_tokens: max } }) => (
          <div className="form">
            <div className="load-wishes">
              <SelectField
                label={t('context')}
                help={t('context-help')}
                value={context}
                onChange={setContext}
                choices={[
                  { value: AS_FITS, label: t('as-fits') },
                  ...contextChoices(max).map((tokens) => ({
                    value: String(tokens),
                    label: t('tokens-of', { tokens: format.number(tokens) }),
                  })),
                ]}
              />
              <SelectField
                label={t('sequences')}
                help={t('sequences-help')}
                value={sequences}
                onChange={setSequences}
                choices={[
                  { value: AS_FITS, label: t('as-fits') },
                  ...SEQUENCES.map((count) => ({ value: String(count), label: String(count) })),
                ]}
              />
            </div>
            <Loaded query={fit} rows={2}>
              {(one) => <WhatItTakes of={one} />}
            </Loaded>
            {load.isPending && <p className="small faint">{t('load-stays')}</p>}
            {load.error && <Trouble error={load.error} />}
          </div>
        )}
      </Loaded>
    </Dialog>
  )
}

function WhatItTakes({ of }: { of: Estimate }) {
  const t = useModelsWords()
  const format = useFormat()
  const reasonOf = useFitReason()
  return (
    <div className="takes" aria-live="polite">
      <div className="row wide t13">
        <FitState verdict={of.verdict} />
        <span className="soft">
          {t('would-get', { context: format.number(of.context_tokens), sequences: of.sequences })}
        </span>
      </div>
      <MemoryBar of={of} />
      <p className="t13 soft">{reasonOf(of)}</p>
      {of.unloads.length > 0 && (
        <Note tone="warn">{t('unloads', { names: format.list(of.unloads.map(({ name }) => name)) })}</Note>
      )}
      {of.verdict === 'fits-alone' && of.unloads.length === 0 && <Note>{t('unloads-busy')}</Note>}
    </div>
  )
}
