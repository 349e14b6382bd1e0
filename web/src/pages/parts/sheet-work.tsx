import { useState } from 'react'
import { Fit, FitState, useBytesOf, Work } from '../../ui/index.ts'
import { Matrix } from '../../ui/matrix.tsx'
import { similarities } from './examples.ts'
import { usePartsWords } from './parts-words.ts'
import { Sheet } from './sheet.tsx'

export function WorkSheet() {
  const t = usePartsWords()
  const bytesOf = useBytesOf()
  const [paused, setPaused] = useState(false)
  const cancel = () => {}
  return (
    <Sheet id="work" title={t('work')} says={t('work-says')} parts="Work, useBytesOf">
      <Work
        name={t('pull', { name: 'Qwen3-4B' })}
        note="Q4_K_M"
        state={paused ? 'paused' : 'running'}
        share={0.648}
        amount={bytesOf(1.62e9, 2.5e9)}
        speed={paused ? t('paused-by') : '11.4 MB/s'}
        secondsLeft={77}
        onPause={paused ? undefined : () => setPaused(true)}
        onResume={paused ? () => setPaused(false) : undefined}
        onCancel={cancel}
      />
      <Work
        name={t('pull', { name: 'Qwen3-8B' })}
        note="Q4_K_M"
        state="waiting"
        share={0}
        amount={bytesOf(0, 5.03e9)}
        onCancel={cancel}
      />
      <Work
        name={t('pull', { name: 'Qwen3-1.7B' })}
        note="Q4_K_M"
        state="checking"
        share={0.31}
        amount={bytesOf(0.4e9, 1.28e9)}
        onCancel={cancel}
      />
      <Work name={t('backup')} note={t('backup-note')} state="done" share={1} amount={bytesOf(48e6, 48e6)} />
      <Work
        name={t('pull', { name: 'DeepSeek-R1-Distill-Qwen-7B' })}
        note="Q4_K_M"
        state="failed"
        share={0.65}
        amount={bytesOf(3.04e9, 4.68e9)}
        speed={t('disk-full')}
        onResume={cancel}
        onCancel={cancel}
      />
      <p className="small faint code-foot">{t('work-stays')}</p>
    </Sheet>
  )
}

const GB = 1e9

export function FitSheet() {
  const t = usePartsWords()
  const capacityBytes = 9.6 * GB
  return (
    <Sheet id="fit" title={t('fit')} says={t('fit-says')} parts="Fit, FitState">
      <div className="parts-fits">
        <Fit verdict="fits" neededBytes={0.9 * GB} capacityBytes={capacityBytes} measured />
        <Fit verdict="fits" neededBytes={3.3 * GB} capacityBytes={capacityBytes} />
        <Fit verdict="tight" neededBytes={6.2 * GB} capacityBytes={capacityBytes} />
        <Fit verdict="fits-alone" neededBytes={9 * GB} capacityBytes={capacityBytes} />
        <Fit verdict="does-not-fit" neededBytes={690 * GB} capacityBytes={capacityBytes} servedBy={['8 × H200']} />
        <Fit verdict="does-not-fit" neededBytes={24 * GB} capacityBytes={capacityBytes} />
        <Fit verdict="does-not-fit" neededBytes={null} capacityBytes={capacityBytes} />
        <FitState verdict="tight" />
      </div>
    </Sheet>
  )
}

export function MatrixSheet() {
  const t = usePartsWords()
  const names = [t('text-1'), t('text-2'), t('text-3'), t('text-4'), t('text-5')]
  const many = Array.from({ length: 32 }, (_, index) => t('text-n', { n: index + 1 }))
  return (
    <Sheet id="matrix" title={t('matrix')} says={t('matrix-says')} parts="ui/matrix.tsx: Matrix">
      <Matrix label={t('matrix')} names={names} values={similarities(5)} />
      <div className="parts-gap">
        <Matrix label={t('matrix-many')} names={many} values={similarities(32)} />
      </div>
    </Sheet>
  )
}
