/**
 * Every part in every state, in the theme and language of the moment: what later pages are made from. Figures are
 * examples. Charts and the matrix come from their own paths, so that only pages that draw load them.
 */
import { useState } from 'react'
import { Note, PageTitle, Split } from '../../ui/index.ts'
import './parts.css'
import { usePartsWords } from './parts-words.ts'
import { ChartSheet } from './sheet-charts.tsx'
import { ButtonSheet, FieldSheet } from './sheet-controls.tsx'
import { CodeSheet, FactSheet, StateSheet } from './sheet-facts.tsx'
import { ExamplePanel, FloatSheet } from './sheet-floats.tsx'
import { ColourSheet, TypeSheet } from './sheet-looks.tsx'
import { TableSheet } from './sheet-table.tsx'
import { EmptySheet, LoadingSheet, TroubleSheet } from './sheet-troubles.tsx'
import { FitSheet, MatrixSheet, WorkSheet } from './sheet-work.tsx'

export default function PartsPage() {
  const t = usePartsWords()
  const [panel, setPanel] = useState(false)
  return (
    <Split panel={panel && <ExamplePanel onClose={() => setPanel(false)} />}>
      <PageTitle title={t('title')} says={t('says')} />
      <div className="stale">
        <Note>{t('examples')}</Note>
      </div>
      <ColourSheet />
      <TypeSheet />
      <ButtonSheet />
      <FieldSheet />
      <StateSheet />
      <FactSheet />
      <TableSheet />
      <LoadingSheet />
      <TroubleSheet />
      <EmptySheet />
      <WorkSheet />
      <FitSheet />
      <ChartSheet />
      <MatrixSheet />
      <CodeSheet />
      <FloatSheet onPanel={() => setPanel(true)} />
    </Split>
  )
}
