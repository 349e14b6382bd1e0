/** What all houses' errors say in Chinese, for the server that answers with them. */
import { BATCHES_IN_CHINESE } from '../batches/errors.zh.ts'
import { BILLING_IN_CHINESE } from '../billing/errors.zh.ts'
import { CATALOG_IN_CHINESE } from '../catalog/errors.zh.ts'
import { DEPLOYMENTS_IN_CHINESE } from '../deployments/errors.zh.ts'
import { ENGINES_IN_CHINESE } from '../engines/errors.zh.ts'
import { FILES_IN_CHINESE } from '../files/errors.zh.ts'
import { IDENTITY_IN_CHINESE } from '../identity/errors.zh.ts'
import { PLAYGROUND_IN_CHINESE } from '../playground/errors.zh.ts'
import { ROUTING_IN_CHINESE } from '../routing/errors.zh.ts'
import { SAFETY_IN_CHINESE } from '../safety/errors.zh.ts'
import { UPSTREAMS_IN_CHINESE } from '../upstreams/errors.zh.ts'
import { BACKUPS_IN_CHINESE } from './backups/errors.zh.ts'

export const ERRORS_IN_CHINESE = [
  ...IDENTITY_IN_CHINESE,
  ...CATALOG_IN_CHINESE,
  ...BILLING_IN_CHINESE,
  ...ENGINES_IN_CHINESE,
  ...DEPLOYMENTS_IN_CHINESE,
  ...PLAYGROUND_IN_CHINESE,
  ...FILES_IN_CHINESE,
  ...BATCHES_IN_CHINESE,
  ...ROUTING_IN_CHINESE,
  ...SAFETY_IN_CHINESE,
  ...UPSTREAMS_IN_CHINESE,
  ...BACKUPS_IN_CHINESE,
]
