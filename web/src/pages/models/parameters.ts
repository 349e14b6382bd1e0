/** Counts of parameters as people say them: 135 M, 0.6 B, 30.5 B, 671 B, 2.4 T. Pure. */
export function parametersInWords(count: number): string {
  const [scaled, unit] =
    count >= 1e12
      ? [count / 1e12, 'T']
      : count >= 5e8
        ? [count / 1e9, 'B']
        : count >= 1e6
          ? [count / 1e6, 'M']
          : [count / 1e3, 'k']
  const digits = unit === 'M' || unit === 'k' || scaled >= 100 ? 0 : 1
  return `${scaled.toFixed(digits)} ${unit}`
}

/** Contexts worth choosing between: powers of two up to what the model was made for, and that. */
export function contextChoices(max: number, chosen?: number): number[] {
  const choices = new Set([max, ...(chosen && chosen <= max ? [chosen] : [])])
  for (let tokens = 2_048; tokens < max; tokens *= 2) choices.add(tokens)
  return [...choices].sort((a, b) => a - b)
}
