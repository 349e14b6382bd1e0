/**
 * Names as labels of metrics, of which there may be only so many: the first ones that are seen keep theirs, all later
 * ones are `other`. By how much each is used would be fairer, and would move a count from one series to another.
 *
 * Pure module.
 */
export function createBoundedNames(max: number): (name: string) => string {
  const known = new Set<string>()
  return (name) => {
    if (known.has(name)) return name
    if (known.size >= max) return 'other'
    known.add(name)
    return name
  }
}
