import { AsyncLocalStorage } from 'node:async_hooks'
import type { Db, Tx } from './database.ts'

const insideTransaction = new AsyncLocalStorage<true>()

/** Thrown where `db` is used while `db.transaction` is open on the same path of calls. A bug of ours, never a user's. */
export class TransactionMisuse extends Error {
  override name = 'TransactionMisuse'
  constructor() {
    super('`db` was used inside `db.transaction`; use the `tx` that the callback was given.')
  }
}

/** @throws TransactionMisuse where a transaction is open on this path of calls */
export function refuseInsideTransaction(): void {
  if (insideTransaction.getStore()) throw new TransactionMisuse()
}

/** Marks the path of calls of each transaction's callback, so that the guard knows where it is. */
export function guarded(db: Db): Db {
  const transaction = db.transaction.bind(db)
  db.transaction = ((work: (tx: Tx) => Promise<unknown>, config?: Parameters<Db['transaction']>[1]) => {
    refuseInsideTransaction()
    return transaction((tx) => insideTransaction.run(true, () => work(tx)), config)
  }) as Db['transaction']
  return db
}
