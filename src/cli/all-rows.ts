import type { Control } from './control.ts'

/** All rows of a list, page by page. @param filter what the list's query takes beside the page */
export async function allRows<Row>(
  control: Control,
  path: string,
  filter: Record<string, string> = {},
): Promise<Row[]> {
  const rows: Row[] = []
  for (let after: string | null = null; ; ) {
    const query = new URLSearchParams({ ...filter, ...(after === null ? {} : { after }) })
    const page: { data: Row[]; next: string | null } = await control.ask('GET', `${path}?${query}`)
    rows.push(...page.data)
    if (page.next === null) return rows
    after = page.next
  }
}
