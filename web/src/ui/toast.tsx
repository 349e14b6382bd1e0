/** Short news of something that was done, at the foot of the window. What failed stays until it is closed. */
import { Toast as BaseToast } from '@base-ui/react/toast'
import { Button } from './button.tsx'
import { Sign } from './icon.tsx'
import { usePartWords } from './words.ts'

const manager = BaseToast.createToastManager()

export type ToastWords = { title: string; says?: string; act?: { label: string; onSelect: () => void } }

export function toast({ title, says, act }: ToastWords, tone: 'good' | 'bad' = 'good'): void {
  manager.add({
    title,
    description: says,
    type: tone,
    timeout: tone === 'bad' ? 0 : 5_000,
    ...(act ? { actionProps: { children: act.label, onClick: act.onSelect } } : {}),
  })
}

/** Mounted once, in the frame. */
export function Toasts() {
  return (
    <BaseToast.Provider toastManager={manager} limit={4}>
      <BaseToast.Portal>
        <BaseToast.Viewport className="toasts">
          <Stack />
        </BaseToast.Viewport>
      </BaseToast.Portal>
    </BaseToast.Provider>
  )
}

function Stack() {
  const t = usePartWords()
  const { toasts } = BaseToast.useToastManager()
  return toasts.map((one) => (
    <BaseToast.Root key={one.id} toast={one} className="toast" swipeDirection={['right', 'down']}>
      <span className={`state ${one.type === 'bad' ? 'bad' : 'good'}`}>
        <Sign name={one.type === 'bad' ? 'fail' : 'ok'} />
      </span>
      <BaseToast.Content className="toast-words">
        <BaseToast.Title render={<b className="medium" />} />
        <BaseToast.Description render={<p />} />
      </BaseToast.Content>
      {one.actionProps && <BaseToast.Action className="btn quiet small" />}
      <BaseToast.Close render={<Button look="quiet" small icon="x" aria-label={t('close')} />} />
    </BaseToast.Root>
  ))
}
