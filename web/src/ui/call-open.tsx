import { Popover } from '@base-ui/react/popover'
import { useState } from 'react'
import type { Call } from '../api/client.ts'
import { Code, samplesOf } from './code.tsx'
import { Icon } from './icon.tsx'
import { usePartWords } from './words.ts'

/** The call of a button, open from the start: it comes with the first press. */
export function OpenCall({ call }: { call: Call }) {
  const t = usePartWords()
  const [isLeft, setLeft] = useState(false)
  return (
    <Popover.Root defaultOpen>
      <Popover.Trigger
        ref={(button: HTMLElement | null) => {
          if (button) setLeft(button.getBoundingClientRect().left < innerWidth / 2)
        }}
        render={<button type="button" className="btn icon-only quiet small" aria-label={t('show-call')} />}
      >
        <Icon name="code" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="floats-over" sideOffset={6} align={isLeft ? 'start' : 'end'}>
          <Popover.Popup className="popover call">
            <Popover.Title render={<h3 />}>{t('call-title')}</Popover.Title>
            <p className="small soft">{t('call-help')}</p>
            <Code samples={samplesOf(call)} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
