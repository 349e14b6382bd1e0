const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const

/** An amount of bytes as people say it, in powers of ten as disks are sold: `98.4 MB`, `4.9 TB`, `512 bytes`. */
export function bytesInWords(bytes: number): string {
  let amount = bytes
  let unit = 0
  while (Math.abs(amount) >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1000
    unit += 1
  }
  const text = unit === 0 || Math.abs(amount) >= 100 ? Math.round(amount).toString() : amount.toFixed(1)
  return `${text} ${UNITS[unit]}`
}
