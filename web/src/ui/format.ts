/** Numbers and times as the console writes them: separators, units always, figures that line up. Pure. */
import type { Language } from '../words/i18n.ts'

const LOCALES: Record<Language, string> = { en: 'en-GB', zh: 'zh-CN' }

export type Format = ReturnType<typeof formatIn>

const made = new Map<Language, Format>()

export function formatFor(language: Language): Format {
  const known = made.get(language) ?? formatIn(language)
  made.set(language, known)
  return known
}

const AGO_UNITS = [
  [86_400 * 365, 'year'],
  [86_400 * 30, 'month'],
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const
const AGO_ENGLISH = { hour: 'h', minute: 'min', second: 's' } as const

function formatIn(language: Language) {
  const locale = LOCALES[language]
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
  const number = (value: number, digits = 0) =>
    digits === 0
      ? whole.format(value)
      : new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value)

  return {
    locale,
    /** 14,862,271 */
    number,
    /** At most `digits` after the point, none for nothing: 46.7, 108. */
    figure: (value: number, digits = 1) =>
      new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value),
    /** 1.28 M, 61 k, 412: for summaries, never for tables. */
    compact(value: number): string {
      for (const [size, unit] of [
        [1e12, 'T'],
        [1e9, 'B'],
        [1e6, 'M'],
        [1e4, 'k'],
      ] as const) {
        if (Math.abs(value) < size) continue
        const scaled = value / (size === 1e4 ? 1e3 : size)
        return `${number(scaled, Math.abs(scaled) < 100 && size !== 1e4 ? 2 : Math.abs(scaled) < 100 ? 1 : 0)} ${unit}`
      }
      return whole.format(value)
    },
    /** An amount of memory or weights in three digits or so: 96 MB, 2.9 GB, 419 GB. */
    amount(value: number): string {
      const [amount, unit] = bytesIn(value)
      return `${number(amount, unit === 'GB' || unit === 'TB' ? (amount < 100 ? 1 : 0) : 0)} ${unit}`
    },
    /** Decimal units, as disks are sold and models are measured: 2.9 GB. */
    bytes(value: number, digits = 1): string {
      const [amount, unit] = bytesIn(value)
      return `${number(amount, unit === 'B' || unit === 'kB' ? 0 : digits)} ${unit}`
    },
    /** 0.42 %, 13 %; nothing is 0 %, everywhere. */
    percent: (share: number, digits = Math.abs(share) < 0.1 ? 2 : 0) =>
      `${number(share * 100, share === 0 ? 0 : digits)} %`,
    /** 188 ms, 1.31 s, 1 min 12 s, 2 h 4 min, 2 d 4 h. */
    duration(ms: number): string {
      const words =
        language === 'zh'
          ? { ms: '毫秒', s: '秒', min: '分', h: '小时', d: '天' }
          : { ms: 'ms', s: 's', min: 'min', h: 'h', d: 'd' }
      if (ms < 1_000) return `${number(ms, ms < 10 && ms > 0 ? 1 : 0)} ${words.ms}`
      if (ms < 10_000) return `${number(ms / 1_000, 2)} ${words.s}`
      const s = Math.round(ms / 1_000)
      if (s < 60) return `${s} ${words.s}`
      const two = (big: number, bigWord: string, small: number, smallWord: string) =>
        small === 0 ? `${big} ${bigWord}` : `${big} ${bigWord} ${small} ${smallWord}`
      if (s < 3_600) return two(Math.floor(s / 60), words.min, s % 60, words.s)
      if (s < 86_400) return two(Math.floor(s / 3_600), words.h, Math.floor((s % 3_600) / 60), words.min)
      return two(Math.floor(s / 86_400), words.d, Math.floor((s % 86_400) / 3_600), words.h)
    },
    /** 4 s ago, 12 min ago, yesterday, in 3 days. */
    ago(at: Date, now = Date.now()): string {
      const s = (at.getTime() - now) / 1_000
      const [size, unit] = AGO_UNITS.find(([size]) => Math.abs(s) >= size) ?? AGO_UNITS[AGO_UNITS.length - 1]!
      const count = Math.trunc(s / size)
      // Intl's short English is "sec." and "hr."; units here are written as everywhere else.
      if (language === 'en' && unit in AGO_ENGLISH) {
        const words = `${Math.abs(count)} ${AGO_ENGLISH[unit as keyof typeof AGO_ENGLISH]}`
        return count === 0 ? 'now' : count < 0 ? `${words} ago` : `in ${words}`
      }
      // Chinese leaves a space beside figures, as everywhere here: 3 分钟前.
      return relative.format(count, unit).replace(/(\d)(?=\p{Script=Han})/gu, '$1 ')
    },
    /** Tue 24 Nov 2026, 14:32:08, in the viewer's zone. */
    time: (at: Date) =>
      new Intl.DateTimeFormat(locale, {
        weekday: 'short',
        day: 'numeric',
        month: 'short',
        year: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
      }).format(at),
    day: (at: Date) => new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' }).format(at),
    clock: (at: Date) =>
      new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at),
    list: (items: readonly string[]) => new Intl.ListFormat(locale, { type: 'conjunction' }).format(items),
  }
}

/** The amount and its decimal unit. */
export function bytesIn(value: number): [number, 'B' | 'kB' | 'MB' | 'GB' | 'TB'] {
  for (const [size, unit] of [
    [1e12, 'TB'],
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ] as const)
    if (value >= size) return [value / size, unit]
  return [value, 'B']
}
