import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { ApiError, inOurLanguage } from '../../api/client.ts'
import { Button, toast } from '../../ui/index.ts'
import { useSettingsWords } from './settings-words.ts'

/** Takes in an archive from this computer. Its bytes go as they are; the server checks them before it keeps any. */
export function UploadBackup({ disabled }: { disabled: boolean }) {
  const t = useSettingsWords()
  const queries = useQueryClient()
  const field = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)

  async function send(file: File): Promise<void> {
    setBusy(true)
    try {
      const answer = await fetch('/api/backups/upload', {
        method: 'POST',
        body: file,
        headers: { ...inOurLanguage(), 'content-type': 'application/gzip' },
      })
      if (!answer.ok) {
        const { error } = (await answer.json()) as { error: { code: string; message: string } }
        throw new ApiError(answer.status, error, answer.headers.get('x-request-id'))
      }
      toast({ title: t('uploaded', { name: file.name }) })
    } catch (error) {
      toast(
        { title: t('upload-failed', { name: file.name }), says: error instanceof Error ? error.message : '' },
        'bad',
      )
    } finally {
      setBusy(false)
      await queries.invalidateQueries({ queryKey: ['backups'] })
    }
  }

  return (
    <>
      <input
        ref={field}
        type="file"
        accept=".gz,.tgz,application/gzip"
        className="hide"
        tabIndex={-1}
        aria-label={t('upload')}
        onChange={(event) => {
          const [file] = event.target.files ?? []
          event.target.value = ''
          if (file) void send(file)
        }}
      />
      <Button small busy={busy} disabled={disabled} onClick={() => field.current?.click()}>
        {t('upload')}
      </Button>
    </>
  )
}
