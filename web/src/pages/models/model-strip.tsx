import { Link } from '@tanstack/react-router'
import { Figure, FitState, Strip, useFormat } from '../../ui/index.ts'
import { ModelState } from './model-state.tsx'
import type { ModelDetail } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { SpeedShown } from './speed-shown.tsx'

/** Whether it runs here, how fast, where it stands, and how much it is used. */
export function ModelStrip({ of: { model, used_by } }: { of: ModelDetail }) {
  const t = useModelsWords()
  const format = useFormat()
  const { fit, speed, engine, weights } = model
  const tokens = used_by.projects.reduce((sum, one) => sum + one.tokens, 0)
  const requests = used_by.projects.reduce((sum, one) => sum + one.requests, 0)
  return (
    <Strip>
      <Link to="." hash="why">
        <Figure
          label={t('here')}
          line={
            fit.needed_bytes === null
              ? t('size-unknown')
              : t('needs-free', {
                  needed: `${fit.needed_basis === 'loaded' ? '' : '≈ '}${format.amount(fit.needed_bytes)}`,
                  capacity: format.amount(fit.capacity_bytes),
                  free: format.amount(fit.free_bytes),
                })
          }
        >
          <span className="strip-state">
            {model.served ? <FitState verdict={fit.verdict} /> : <span className="faint">{t('not-served')}</span>}
          </span>
        </Figure>
      </Link>
      <Link to="." hash="precisions">
        <Figure
          label={t('speed-here')}
          {...(speed ? { unit: t('tokens-s') } : {})}
          line={
            speed === null
              ? t('no-speed')
              : speed.basis === 'measured'
                ? t('speed-measured', { when: speed.measured_at ? format.ago(new Date(speed.measured_at)) : '' })
                : t('speed-estimated')
          }
        >
          <SpeedShown of={speed} />
        </Figure>
      </Link>
      <Link to="." hash={engine ? 'replicas' : 'facts'}>
        <Figure
          label={t('state')}
          line={
            engine
              ? t('serves', {
                  sequences: engine.sequences,
                  context: format.number(engine.context_tokens),
                })
              : weights
                ? t('weights-here', { amount: format.amount(weights.bytes) })
                : t('weights-not-here')
          }
        >
          <span className="strip-state">
            <ModelState of={model} />
          </span>
        </Figure>
      </Link>
      <Link to="/usage" search={{ model: model.id } as never}>
        <Figure
          label={t('used-month')}
          unit={t('tokens')}
          line={t('requests-from', {
            requests: t('requests', { count: requests }),
            projects: t('projects', { count: used_by.projects.length }),
          })}
        >
          {format.compact(tokens)}
        </Figure>
      </Link>
    </Strip>
  )
}
