import { fileURLToPath } from 'node:url'

/** One folder for both engines: plain SQL, made by `npm run db:generate` from the houses' `tables.ts`. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../migrations', import.meta.url))
