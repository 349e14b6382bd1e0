/** What to type where PostgreSQL keeps the data: its own tools are the right ones. Pure module. */

export type PostgresCommand = { does: 'backup' | 'restore'; line: string }

/** @param url of the database; no password of it is in the lines, since they end up in histories of shells */
export function postgresCommands(url: string): PostgresCommand[] {
  const address = addressWithoutPassword(url)
  return [
    { does: 'backup', line: `pg_dump --format=custom --file=tradewind.dump --dbname=${address}` },
    {
      does: 'restore',
      line: `pg_restore --clean --if-exists --single-transaction --dbname=${address} tradewind.dump`,
    },
  ]
}

/** In quotes for a shell. An address that nobody can read is left to whoever types. */
function addressWithoutPassword(url: string): string {
  if (!URL.canParse(url)) return "'postgres://user@host/database'"
  const { protocol, username, host, pathname } = new URL(url)
  const address = `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}`
  return `'${address.replaceAll("'", '%27')}'`
}
