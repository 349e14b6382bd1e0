import { useState } from 'react'
import {
  AreaField,
  Button,
  Filter,
  Icon,
  type IconName,
  OneOf,
  SearchInput,
  Segments,
  Select,
  SelectField,
  ShowCall,
  Slider,
  TextField,
  Tick,
  Toggle,
  useFormat,
} from '../../ui/index.ts'
import { usePartsWords } from './parts-words.ts'
import { Sheet, Spec } from './sheet.tsx'

const CALL = { method: 'GET', path: '/api/models', query: { family: 'qwen3', limit: 20 } } as const
const ICONS: readonly IconName[] = [
  'home',
  'play',
  'model',
  'usage',
  'list',
  'key',
  'server',
  'people',
  'gear',
  'search',
  'plus',
  'save',
  'cal',
  'table',
  'cols',
  'link',
  'copy',
  'code',
  'redo',
  'stop',
  'pause',
  'go',
  'bin',
  'more',
  'x',
]

export function ButtonSheet() {
  const t = usePartsWords()
  const [range, setRange] = useState<'24h' | '7d' | '30d'>('7d')
  return (
    <Sheet id="buttons" title={t('buttons')} says={t('buttons-says')} parts="Button, Segments, ShowCall, Icon">
      <Spec name={t('primary')}>
        <Button look="primary" icon="plus">
          {t('create-key')}
        </Button>
        <Button look="primary" busy>
          {t('creating')}
        </Button>
        <Button look="primary" disabled>
          {t('disabled')}
        </Button>
      </Spec>
      <Spec name={t('plain')}>
        <Button icon="save">{t('export')}</Button>
        <Button>{t('plain')}</Button>
        <Button disabled>{t('disabled')}</Button>
        <Button small>{t('small')}</Button>
      </Spec>
      <Spec name={t('quiet')}>
        <Button look="quiet" icon="cols">
          {t('columns')}
        </Button>
        <Button look="quiet" small icon="more" aria-label={t('more')} />
      </Spec>
      <Spec name={t('danger')}>
        <Button look="danger" icon="bin">
          {t('delete')}
        </Button>
        <Button look="danger-full">{t('delete-deployment')}</Button>
      </Spec>
      <Spec name={t('segments')}>
        <Segments
          label={t('range')}
          value={range}
          onChange={setRange}
          choices={[
            { value: '24h', label: t('range-24h') },
            { value: '7d', label: t('range-7d') },
            { value: '30d', label: t('range-30d') },
          ]}
        />
      </Spec>
      <Spec name={t('its-call')}>
        <ShowCall call={CALL} />
        <span className="t13 soft">{t('its-call-says')}</span>
      </Spec>
      <Spec name={t('icons')}>
        {ICONS.map((name) => (
          <span key={name} title={name} className="row faint">
            <Icon name={name} />
          </span>
        ))}
      </Spec>
    </Sheet>
  )
}

export function FieldSheet() {
  const t = usePartsWords()
  const format = useFormat()
  const [name, setName] = useState('returns-bot')
  const [limit, setLimit] = useState('90,000')
  const [model, setModel] = useState<'a' | 'b' | 'c'>('a')
  const [find, setFind] = useState('')
  const [note, setNote] = useState('{"type": "object"}')
  const [ticks, setTicks] = useState({ one: true, two: false })
  const [scope, setScope] = useState<'all' | 'some'>('all')
  const [on, setOn] = useState(true)
  const [heat, setHeat] = useState(0.8)
  const [families, setFamilies] = useState<string[]>(['qwen3'])
  const [licence, setLicence] = useState<string[]>([])
  return (
    <Sheet
      id="fields"
      title={t('fields')}
      says={t('fields-says')}
      parts="TextField, AreaField, SelectField, Select, SearchInput, Tick, OneOf, Toggle, Slider, Filter"
    >
      <div className="fieldgrid">
        <TextField label={t('name')} value={name} onChange={setName} help={t('name-help')} />
        <TextField label={t('cap')} optional unit={t('a-month')} value="5.00" onChange={() => {}} inputMode="decimal" />
        <TextField
          label={t('tokens-a-minute')}
          value={limit}
          onChange={setLimit}
          unit={t('tokens')}
          error={Number(limit.replaceAll(',', '')) > 40_000 ? t('limit-error') : null}
        />
        <SelectField
          label={t('model')}
          value={model}
          onChange={setModel}
          choices={[
            { value: 'a', label: 'Qwen3-0.6B', note: '0.9 GB' },
            { value: 'b', label: 'SmolLM2-135M', note: '0.3 GB' },
            { value: 'c', label: 'Qwen3-4B', note: '3.3 GB' },
          ]}
        />
        <TextField label={t('region')} value={t('this-machine')} onChange={() => {}} disabled help={t('region-help')} />
        <AreaField label={t('schema')} value={note} onChange={setNote} mono rows={2} />
      </div>
      <Spec name={t('find')}>
        <SearchInput label={t('find-model')} value={find} onChange={setFind} />
        <Select
          label={t('by')}
          before={t('by')}
          small
          value={model}
          onChange={setModel}
          choices={[
            { value: 'a', label: t('by-model') },
            { value: 'b', label: t('by-key') },
            { value: 'c', label: t('by-person') },
          ]}
        />
      </Spec>
      <Spec name={t('ticks')}>
        <Tick on={ticks.one} onChange={(one) => setTicks({ ...ticks, one })}>
          {t('tick-chat')}
        </Tick>
        <Tick on={ticks.two} onChange={(two) => setTicks({ ...ticks, two })}>
          {t('tick-embeddings')}
        </Tick>
        <Tick
          on={ticks.one && ticks.two}
          part={ticks.one !== ticks.two}
          onChange={(all) => setTicks({ one: all, two: all })}
        >
          {t('tick-all')}
        </Tick>
        <Tick on={false} disabled onChange={() => {}}>
          {t('disabled')}
        </Tick>
      </Spec>
      <Spec name={t('one-of')}>
        <OneOf
          name={t('scope')}
          value={scope}
          onChange={setScope}
          choices={[
            { value: 'all', label: t('scope-all') },
            { value: 'some', label: t('scope-some') },
          ]}
        />
      </Spec>
      <Spec name={t('switch')}>
        <Toggle on={on} onChange={setOn} label={t('keep-content')} />
        <span className="t13">{t('keep-content')}</span>
        <Toggle on={false} onChange={() => {}} label={t('disabled')} disabled />
      </Spec>
      <Spec name={t('slider')}>
        <Slider value={heat} onChange={setHeat} min={0} max={2} step={0.05} label={t('temperature')} />
        <span className="t13">{format.number(heat, 2)}</span>
      </Spec>
      <Spec name={t('filters')}>
        <Filter
          name={t('family')}
          values={families}
          onChange={setFamilies}
          choices={[
            { value: 'qwen3', label: 'Qwen3', count: 8 },
            { value: 'smollm2', label: 'SmolLM2', count: 3 },
            { value: 'deepseek', label: 'DeepSeek', count: 5 },
          ]}
        />
        <Filter
          name={t('licence')}
          single
          values={licence}
          onChange={setLicence}
          choices={['Apache-2.0', 'MIT', 'Llama-3.1'].map((label) => ({ value: label, label }))}
        />
      </Spec>
    </Sheet>
  )
}
