import { Slider as BaseSlider } from '@base-ui/react/slider'

/** A value between two ends; arrows move it by `step`. */
export function Slider({
  value,
  onChange,
  min,
  max,
  step,
  label,
  disabled = false,
}: {
  value: number
  onChange: (value: number) => void
  min: number
  max: number
  step: number
  label: string
  disabled?: boolean
}) {
  return (
    <BaseSlider.Root
      value={value}
      onValueChange={(next) => onChange(next as number)}
      min={min}
      max={max}
      step={step}
      disabled={disabled}
      className="slider"
    >
      <BaseSlider.Control className="slider-control">
        <BaseSlider.Track className="slider-track">
          <BaseSlider.Indicator className="slider-filled" />
          <BaseSlider.Thumb className="slider-thumb" aria-label={label} />
        </BaseSlider.Track>
      </BaseSlider.Control>
    </BaseSlider.Root>
  )
}
