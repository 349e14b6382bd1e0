import { Toast as BaseToast } from '@base-ui/react/toast'
import { useEffect } from 'react'
import { Button } from './button.tsx'
import { Sign } from './icon.tsx'
import { onNews, takeNews } from './toast.tsx'
import { usePartWords } from './words.ts'

export function ToastStack() {
  return (
    <BaseToast.Provider limit={4}>
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
  const { toasts, add } = BaseToast.useToastManager()
  useEffect(() => {
    const show = () => {
      for (const { title, says, act, tone } of takeNews())
        add({
          title,
          description: says,
          type: tone,
          timeout: tone === 'bad' ? 0 : 5_000,
          ...(act ? { actionProps: { children: act.label, onClick: act.onSelect } } : {}),
        })
    }
    show()
    return onNews(show)
  }, [add])
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
