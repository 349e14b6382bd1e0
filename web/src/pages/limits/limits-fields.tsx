/** How much may be asked of models: three fields, and the same in words. */
import { Fragment } from 'react'
import { sentences, TextField, useFormat } from '../../ui/index.ts'
import { LIMIT_NAMES, LIMITS_MAX, type Limits, type LimitsTyped, limitIn } from './limits-in.ts'
import { useLimitsWords } from './limits-words.ts'

export function LimitsFields({
  text,
  onChange,
  disabled = false,
}: {
  text: LimitsTyped
  onChange: (text: LimitsTyped) => void
  disabled?: boolean
}) {
  const t = useLimitsWords()
  const format = useFormat()
  return LIMIT_NAMES.map((name) => (
    <TextField
      key={name}
      label={t(name)}
      help={sentences(name === 'tokens_per_minute' && t('tokens-help'), t('empty'))}
      error={limitIn(name, text[name]) === undefined ? t('not-whole', { max: format.number(LIMITS_MAX[name]) }) : null}
      value={text[name]}
      onChange={(value) => onChange({ ...text, [name]: value })}
      disabled={disabled}
      inputMode="numeric"
      autoComplete="off"
    />
  ))
}

/** Such as "100 requests per minute, 5 at once". */
export function LimitsInWords({ of: limits }: { of: Limits }) {
  const t = useLimitsWords()
  const there = LIMIT_NAMES.flatMap((name) => (limits[name] === null ? [] : [t(`${name}-is`, { count: limits[name] })]))
  if (there.length === 0) return t('none')
  return there.map((words, at) => (
    <Fragment key={words}>
      {at > 0 && <br />}
      {words}
    </Fragment>
  ))
}
