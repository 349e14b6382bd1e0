import { lazy, Suspense, useState } from 'react'
import {
  Button,
  ConfirmDialog,
  CopyButton,
  Dialog,
  Fact,
  Facts,
  FormDialog,
  Menu,
  Panel,
  TextField,
  Tip,
  toast,
} from '../../ui/index.ts'
import { usePartsWords } from './parts-words.ts'
import { Sheet, Spec } from './sheet.tsx'

const Palette = lazy(() => import('../../app/palette.tsx'))

const CREATE = { method: 'POST', path: '/api/keys', body: { project_id: '$PROJECT', name: 'returns-bot' } } as const

export function FloatSheet({ onPanel }: { onPanel: () => void }) {
  const t = usePartsWords()
  const [open, setOpen] = useState<'form' | 'secret' | 'danger' | 'palette' | null>(null)
  const [name, setName] = useState('returns-bot')
  const close = () => setOpen(null)
  return (
    <Sheet
      id="float"
      title={t('floats')}
      says={t('floats-says')}
      parts="Dialog, FormDialog, ConfirmDialog, Menu, Tip, toast, Panel, app/palette.tsx"
    >
      <Spec name={t('dialogs')}>
        <Button onClick={() => setOpen('form')}>{t('dialog-form')}</Button>
        <Button onClick={() => setOpen('secret')}>{t('dialog-secret')}</Button>
        <Button look="danger" onClick={() => setOpen('danger')}>
          {t('dialog-danger')}
        </Button>
      </Spec>
      <Spec name={t('menu')}>
        <Menu
          trigger={<Button icon="down">{t('menu')}</Button>}
          entries={[
            { label: t('open-playground'), icon: 'play', onSelect: () => {} },
            { label: t('copy-name'), icon: 'link', hint: 'C', onSelect: () => {} },
            { label: t('unload'), icon: 'stop', onSelect: () => {}, disabled: true },
            'line',
            { label: t('delete-disk'), icon: 'bin', danger: true, onSelect: () => {} },
          ]}
        />
        <Button icon="search" onClick={() => setOpen('palette')}>
          {t('palette')}
        </Button>
        <Button icon="right" onClick={onPanel}>
          {t('panel')}
        </Button>
      </Spec>
      <Spec name={t('toasts')}>
        <Button
          onClick={() =>
            toast({ title: t('toast-good'), says: t('toast-good-says'), act: { label: t('undo'), onSelect: () => {} } })
          }
        >
          {t('toast-done')}
        </Button>
        <Button onClick={() => toast({ title: t('toast-bad'), says: t('toast-bad-says') }, 'bad')}>
          {t('toast-failed')}
        </Button>
      </Spec>
      <Spec name={t('tips')}>
        <Tip text={t('tip-words')}>
          <Button small look="quiet" icon="key">
            {t('tip-show')}
          </Button>
        </Tip>
      </Spec>
      {open === 'form' && (
        <FormDialog
          title={t('create-key')}
          says={t('create-says')}
          call={CREATE}
          label={t('create-key')}
          ready={name.trim() !== ''}
          busy={false}
          error={null}
          onSend={() => setOpen('secret')}
          onClose={close}
        >
          <TextField label={t('name')} value={name} onChange={setName} help={t('name-help')} />
        </FormDialog>
      )}
      <Dialog open={open === 'secret'} onClose={close} title={t('secret-title')} says={t('secret-says')}>
        <div className="secret">
          <code className="mono">tw-example-{'·'.repeat(24)}</code>
          <CopyButton text="tw-example" look="primary" />
        </div>
      </Dialog>
      <ConfirmDialog
        open={open === 'danger'}
        onClose={close}
        title={t('danger-title')}
        type="chat-small"
        label={t('delete-deployment')}
        busy={false}
        onConfirm={close}
      >
        {t('danger-says')}
      </ConfirmDialog>
      {open === 'palette' && (
        <Suspense>
          <Palette onClose={close} />
        </Suspense>
      )}
    </Sheet>
  )
}

export function ExamplePanel({ onClose }: { onClose: () => void }) {
  const t = usePartsWords()
  return (
    <Panel title="Qwen3-0.6B" says={t('panel-says')} onClose={onClose} foot={t('panel-foot')}>
      <Facts lined>
        <Fact name={t('tokens-in')}>128,410</Fact>
        <Fact name={t('tokens-out')}>54,180</Fact>
        <Fact name={t('spent')}>$0.005943</Fact>
      </Facts>
    </Panel>
  )
}
