/** The days of a month as a calendar on the wall shows them, in weeks that begin on Monday. Pure. */

/** Local midnights; weeks are filled up with days of the months around. */
export function weeksOf(year: number, month: number): Date[][] {
  const lead = (new Date(year, month, 1).getDay() + 6) % 7
  const days = new Date(year, month + 1, 0).getDate()
  return Array.from({ length: Math.ceil((lead + days) / 7) }, (_, week) =>
    Array.from({ length: 7 }, (_, day) => new Date(year, month, 1 - lead + week * 7 + day)),
  )
}

export function dayOf(at: number | Date): Date {
  const date = new Date(at)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate())
}

export function addDays(day: Date, count: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + count)
}

/** The same day of another month, or that month's last. */
export function addMonths(day: Date, count: number): Date {
  const last = new Date(day.getFullYear(), day.getMonth() + count + 1, 0).getDate()
  return new Date(day.getFullYear(), day.getMonth() + count, Math.min(day.getDate(), last))
}

/** Where a key of the keyboard leads in a grid of days; null = it does not. */
export function dayAfterKey(day: Date, key: string): Date | null {
  switch (key) {
    case 'ArrowLeft':
      return addDays(day, -1)
    case 'ArrowRight':
      return addDays(day, 1)
    case 'ArrowUp':
      return addDays(day, -7)
    case 'ArrowDown':
      return addDays(day, 7)
    case 'PageUp':
      return addMonths(day, -1)
    case 'PageDown':
      return addMonths(day, 1)
    case 'Home':
      return addDays(day, -((day.getDay() + 6) % 7))
    case 'End':
      return addDays(day, 6 - ((day.getDay() + 6) % 7))
    default:
      return null
  }
}
