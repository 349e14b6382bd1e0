/**
 * Which browser on which system a user agent stands for, as far as a person needs it to know his own devices again. What
 * it says is the client's own word: good for recognising, not for deciding.
 * Pure module.
 */
export type Device = {
  /** `Firefox`, or the program's own name, such as `curl`; null = not said. */
  browser: string | null
  /** `Windows`, `macOS`, `iPhone`, `iPad`, `Android`, `ChromeOS`, `Linux`; null = not said. */
  system: string | null
}

/** In this order: most browsers also claim to be those that stand further down. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bMicroMessenger\//, 'WeChat'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:HeadlessChrome|CriOS)\//, 'Chrome'],
  [/\bChrom(?:e|ium)\//, 'Chrome'],
  [/\bVersion\/.*\bSafari\//, 'Safari'],
]

const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

export function deviceOf(userAgent: string | null): Device {
  const text = (userAgent ?? '').slice(0, 500)
  const named = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(text))?.[1] ?? null
  return { browser: named(BROWSERS) ?? programIn(text), system: named(SYSTEMS) }
}

/** `curl/8.5.0` → `curl`. */
function programIn(text: string): string | null {
  if (text.startsWith('Mozilla/')) return null
  return /^([\w.-]{1,40})(?:\/|$|\s)/.exec(text)?.[1] ?? null
}
