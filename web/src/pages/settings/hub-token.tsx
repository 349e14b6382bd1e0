/** The model hub: where weights come from, and the token that opens gated ones. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { HubSettingsOnWire } from '../../../../src/deployments/detail-schema.ts'
import { type Call, get } from '../../api/client.ts'
import { useAct } from '../../api/use-act.ts'
import { Ago, Button, Fact, Facts, Loaded, Note, Section, ShowCall, TextField, Trouble, toast } from '../../ui/index.ts'
import { useSettingsWords } from './settings-words.ts'

const PATH = '/api/settings/hub'

export function HubToken() {
  const t = useSettingsWords()
  const query = useQuery({
    queryKey: ['hub-settings'],
    queryFn: ({ signal }) => get<HubSettingsOnWire>(PATH, undefined, signal),
  })
  const [token, setToken] = useState('')
  const act = useAct(['hub-settings'], () => {
    setToken('')
    toast({ title: t('hub-changed') })
  })
  const put: Call = { method: 'PUT', path: PATH, body: { token: token.trim() } }
  const clear: Call = { method: 'DELETE', path: PATH }
  return (
    <Section title={t('hub')} id="hub">
      <Loaded query={query} rows={2}>
        {({ hub_url, token: known }) => (
          <div className="form">
            <Facts>
              <Fact name={t('hub-address')}>
                <span className="mono wraps">{hub_url}</span>
              </Fact>
              <Fact name={t('hub-token')}>
                {known.source === 'none' ? t('hub-none') : <span className="mono">…{known.last4}</span>}
                {known.set_at && (
                  <div className="small faint">
                    {known.set_by?.name} <Ago at={known.set_at} />
                  </div>
                )}
              </Fact>
            </Facts>
            {known.source === 'configuration' && <Note>{t('hub-fixed')}</Note>}
            {!known.readable && <Note tone="warn">{t('hub-unreadable')}</Note>}
            {known.editable && (
              <form
                className="form"
                onSubmit={(event) => {
                  event.preventDefault()
                  act.mutate(put)
                }}
              >
                <TextField
                  label={t('hub-new')}
                  help={t('hub-help')}
                  type="password"
                  autoComplete="off"
                  value={token}
                  onChange={setToken}
                  placeholder="hf_…"
                />
                {act.error && <Trouble error={act.error} />}
                <div className="form-acts">
                  <Button type="submit" busy={act.isPending} disabled={token.trim() === ''}>
                    {t('save')}
                  </Button>
                  {known.source === 'settings' && (
                    <Button look="danger" busy={act.isPending} onClick={() => act.mutate(clear)}>
                      {t('hub-clear')}
                    </Button>
                  )}
                  <ShowCall call={{ ...put, body: { token: '$HF_TOKEN' } }} />
                </div>
              </form>
            )}
          </div>
        )}
      </Loaded>
    </Section>
  )
}
