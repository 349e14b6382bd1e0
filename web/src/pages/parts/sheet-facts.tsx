import { Link } from '@tanstack/react-router'
import {
  Ago,
  Code,
  Fact,
  Facts,
  Figure,
  Id,
  Meter,
  ShareBars,
  Sparkline,
  StackBar,
  State,
  Strip,
  Tag,
  useFormat,
} from '../../ui/index.ts'
import { wander } from './examples.ts'
import { usePartsWords } from './parts-words.ts'
import { Sheet, Spec } from './sheet.tsx'

const FOUR_MINUTES_AGO = Date.now() - 240_000

export function StateSheet() {
  const t = usePartsWords()
  return (
    <Sheet id="state" title={t('state')} says={t('state-says')} parts="State, Tag, Id, Meter, Ago">
      <Spec name={t('state-word')}>
        <State tone="on">{t('serving')}</State>
        <State tone="live">{t('loading-state')}</State>
        <State tone="off">{t('stopped')}</State>
        <State tone="good">{t('done')}</State>
        <State tone="warn">{t('near-cap')}</State>
        <State tone="bad">{t('failed')}</State>
      </Spec>
      <Spec name={t('tags')}>
        <Tag>MIT</Tag>
        <Tag>FP8</Tag>
        <Tag>{t('operators-only')}</Tag>
        <Tag tone="trade">{t('yours')}</Tag>
        <Tag tone="good">{t('tag-paid')}</Tag>
        <Tag tone="warn">{t('tag-old')}</Tag>
        <Tag tone="bad">{t('tag-revoked')}</Tag>
      </Spec>
      <Spec name={t('ids')}>
        <Id text="key_01JD7Q4TZ8" />
        <Id text="sha256:731ece8d6f5c1c8a2d4f" short="sha256:731ece8d…2d4f" />
      </Spec>
      <Spec name={t('keys')}>
        <span>
          <kbd>Ctrl</kbd> <kbd>K</kbd>
        </span>
      </Spec>
      <Spec name={t('when')}>
        <Ago at={FOUR_MINUTES_AGO} />
      </Spec>
      <Spec name={t('meters')}>
        <Meter share={0.3} label={t('memory')} />
        <Meter share={0.65} tone="trade" label={t('memory')} />
        <Meter share={0.82} tone="warn" label={t('memory')} />
        <Meter share={1} tone="bad" label={t('memory')} />
      </Spec>
    </Sheet>
  )
}

export function FactSheet() {
  const t = usePartsWords()
  const format = useFormat()
  return (
    <Sheet
      id="facts"
      title={t('facts')}
      says={t('facts-says')}
      parts="Strip, Figure, Facts, Fact, Sparkline, StackBar, ShareBars"
    >
      <Strip>
        <Link to="/usage">
          <Figure label={t('tokens-today')} line={t('above-last-week')}>
            {format.compact(1_283_000)}
          </Figure>
        </Link>
        <Link to="/requests">
          <Figure label={t('requests-today')} line={t('failed-today')}>
            {format.number(3_914)}
          </Figure>
        </Link>
        <Link to="/usage">
          <Figure label={t('first-token')} unit="ms" line={t('p95')}>
            212
          </Figure>
        </Link>
        <Link to="/models">
          <Figure
            label={t('speed-now')}
            unit={t('tokens-per-second')}
            line={t('peak-today')}
            extra={<Sparkline values={wander(36, 3, 20, 71)} />}
          >
            46.7
          </Figure>
        </Link>
      </Strip>
      <div className="parts-gap">
        <StackBar
          label={t('memory')}
          parts={[
            { name: t('weights'), share: 0.49, says: '4.7 GB' },
            { name: t('context'), share: 0.05, says: '0.5 GB' },
            { name: t('working-space'), share: 0.04, says: '0.4 GB' },
            { name: t('loaded-now'), share: 0.3, says: '2.9 GB', other: true },
          ]}
          rest={t('left-over')}
        />
      </div>
      <div className="parts-gap">
        <ShareBars
          shares={[
            { id: 'a', name: 'web-chat', share: 0.86, says: '86 %' },
            { id: 'b', name: 'warehouse-scanners', share: 0.11, says: '11 %' },
            { id: 'c', name: 'ci', share: 0.03, says: '3 %' },
          ]}
        />
      </div>
      <div className="parts-gap">
        <Facts lined>
          <Fact name={t('parameters')}>7.62 B</Fact>
          <Fact name={t('context')}>{t('context-tokens', { count: format.number(131_072) })}</Fact>
          <Fact name={t('licence')}>MIT</Fact>
          <Fact name={t('artefact')}>
            <Id text="sha256:731ece8d6f5c1c8a2d4f" short="sha256:731ece8d…2d4f" />
          </Fact>
        </Facts>
      </div>
    </Sheet>
  )
}

export function CodeSheet() {
  const t = usePartsWords()
  const url = `${location.origin}/v1/chat/completions`
  return (
    <Sheet id="code" title={t('code')} says={t('code-says')} parts="Code, samplesOf">
      <Code
        foot={t('code-foot')}
        samples={[
          {
            name: 'curl',
            code: `curl ${url} \\\n  -H "Authorization: Bearer $TRADEWIND_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '{"model": "qwen3-0.6b",\n  "messages": [{"role": "user",\n    "content": "Say hello."}]}'`,
          },
          {
            name: 'Python',
            code: `import os\nfrom openai import OpenAI\n\nclient = OpenAI(\n    base_url="${location.origin}/v1",\n    api_key=os.environ["TRADEWIND_KEY"],\n)\nanswer = client.chat.completions.create(\n    model="qwen3-0.6b",\n    messages=[{"role": "user",\n      "content": "Say hello."}],\n)\nprint(answer.choices[0].message.content)`,
          },
        ]}
      />
    </Sheet>
  )
}
