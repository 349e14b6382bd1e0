import { Tooltip } from '@base-ui/react/tooltip'
import type { ReactNode } from 'react'

/** The words beside `at`; they come with the first that is asked for. */
export function OpenTip({ at, text, onClose }: { at: Element; text: ReactNode; onClose: () => void }) {
  return (
    <Tooltip.Root open onOpenChange={(open) => !open && onClose()}>
      <Tooltip.Portal>
        <Tooltip.Positioner className="floats-over" sideOffset={6} anchor={at}>
          <Tooltip.Popup className="tip">{text}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
