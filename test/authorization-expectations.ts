/**
 * What each operation of /api asks of whoever calls it, written out beside the routes on purpose: a route that declares
 * another action than was meant shows here, and one that is not here at all fails the test.
 *
 *     'anybody'                    also who is not signed in
 *     'oneself'                    whoever is signed in, about himself
 *     an action alone              on the installation
 *     { action, on }               on a thing of an organisation or project, or a list of such things
 */
import { type Action, RULES } from '../src/identity/rules.ts'

/** What an id in the path or body stands for; `first` and `second` projects are tried both where it is a project. */
export type Thing =
  | 'organization'
  | 'project'
  | 'member'
  | 'member-to-go'
  | 'project-member'
  | 'bystander'
  | 'key'
  | 'invitation'
  | 'service-account'
  | 'request'
  | 'playground-session'
  | 'batch'

type More = {
  /** Refusals for reasons that have nothing to do with who asks. */
  orElse?: string[]
  /** What one must be allowed as well, to find the thing. */
  alsoNeeds?: Action
}

export type Expectation = 'anybody' | 'oneself' | ({ action: Action; on: 'installation' | 'list' | Thing } & More)

const installation = (action: Action): Expectation => ({ action, on: 'installation' })
const list = (action: Action): Expectation => ({ action, on: 'list' })
const on = (thing: Thing, action: Action, more: More = {}): Expectation => ({ action, on: thing, ...more })

export const EXPECTED: Record<string, Expectation> = {
  getMe: 'oneself',
  listRules: 'anybody',

  listOrganizations: list('organization.read'),
  createOrganization: installation('organizations.create'),
  getOrganization: on('organization', 'organization.read'),
  updateOrganization: on('organization', 'organization.update'),
  updateOrganizationLimit: on('organization', 'organization.limit'),
  deleteOrganization: on('organization', 'organization.delete'),
  listProjects: list('project.read'),
  createProject: on('organization', 'project.create'),
  getProject: on('project', 'project.read'),
  updateProject: on('project', 'project.update'),
  updateProjectLimit: on('project', 'project.update'),
  deleteProject: on('project', 'project.delete'),

  listOrganizationMembers: on('organization', 'members.list'),
  updateOrganizationMember: on('member', 'members.change'),
  deleteOrganizationMember: on('member-to-go', 'members.change'),
  listProjectMembers: on('project', 'members.list'),
  updateProjectMember: on('project-member', 'members.change'),
  deleteProjectMember: on('project-member', 'members.change'),
  listPeople: installation('people.list'),
  listOperators: installation('operators.list'),
  createOperator: installation('operators.change'),
  deleteOperator: installation('operators.change'),
  createPasswordResetLink: on('bystander', 'people.reset_password'),
  endSessionsOfPerson: on('bystander', 'people.end_sessions'),

  listInvitations: list('invitations.list'),
  createInvitation: on('project', 'invitations.create'),
  deleteInvitation: on('invitation', 'invitations.revoke'),
  lookInvitation: 'anybody',
  acceptInvitation: 'anybody',
  listServiceAccounts: list('service_accounts.list'),
  createServiceAccount: on('project', 'service_accounts.create'),
  deleteServiceAccount: on('service-account', 'service_accounts.delete'),

  listKeys: list('keys.list'),
  createKey: on('project', 'keys.create'),
  getKey: on('key', 'keys.list'),
  updateKey: on('key', 'keys.update'),
  updateKeyLimit: on('key', 'keys.update'),
  rotateKey: on('key', 'keys.rotate'),
  deleteKey: on('key', 'keys.revoke'),
  findKey: list('keys.list'),
  createConsoleKey: on('project', 'inference'),

  listAudit: on('organization', 'audit.read'),
  getAuditExport: on('organization', 'audit.read'),
  getAuditVerification: installation('audit.verify'),

  getSignInOptions: 'anybody',
  getSetup: 'anybody',
  completeSetup: 'anybody',
  signInEmail: 'anybody',
  signOut: 'anybody',
  beginSignInPasskey: 'anybody',
  signInPasskey: 'anybody',
  beginSignInOidc: 'anybody',
  requestPasswordReset: 'anybody',
  getPasswordReset: 'anybody',
  completePasswordReset: 'anybody',
  confirmEmail: 'anybody',
  getMyAccount: 'oneself',
  updateMyAccount: 'oneself',
  changeMyPassword: 'oneself',
  changeMyEmail: 'oneself',
  listMySessions: 'oneself',
  endMyOtherSessions: 'oneself',
  endMySession: 'oneself',
  beginMyPasskey: 'oneself',
  addMyPasskey: 'oneself',
  renameMyPasskey: 'oneself',
  deleteMyPasskey: 'oneself',
  linkMySingleSignOn: 'oneself',
  unlinkMySingleSignOn: 'oneself',
  getEvents: 'oneself',

  getUsage: list('usage.read'),
  getUsageCsv: list('usage.read'),
  getUsageOverview: list('usage.read'),
  listUsageByKey: list('usage.read'),
  listRequests: list('usage.read'),
  getRequestCsv: list('usage.read'),
  getRequest: on('request', 'usage.read'),
  getRequestContent: on('request', 'requests.content.read', { orElse: ['billing.content_not_kept'] }),
  getContentLog: on('project', 'content_log.read', { alsoNeeds: 'project.read' }),
  deleteContentLog: on('project', 'content_log.delete'),

  listModels: installation('models.list'),
  getModel: installation('models.read'),
  getModelFit: installation('models.read'),
  pullModel: installation('models.pull'),
  importModel: installation('models.pull'),
  loadModel: installation('models.load'),
  unloadModel: installation('models.unload'),
  deleteModelWeights: installation('models.delete'),
  createModelAdapter: installation('models.pull'),
  deleteAdapter: installation('models.delete'),
  listPulls: installation('models.list'),
  getPull: installation('models.list'),
  pausePull: installation('models.pull'),
  resumePull: installation('models.pull'),
  cancelPull: installation('models.pull'),
  listReplicas: installation('status.read'),
  restartReplica: installation('models.load'),
  getHubRepository: installation('models.pull'),
  getSettingHub: installation('installation.read'),
  updateSettingHub: installation('hub.update'),
  deleteSettingHub: installation('hub.update'),

  listUpstreams: installation('upstreams.read'),
  listUpstreamModels: installation('models.list'),
  createUpstream: installation('upstreams.change'),
  testUpstream: installation('upstreams.change'),
  getUpstream: installation('upstreams.read'),
  updateUpstream: installation('upstreams.change'),
  checkUpstream: installation('upstreams.change'),
  deleteUpstream: installation('upstreams.change'),
  listRoutes: installation('routes.read'),
  getRoute: installation('routes.read'),
  updateRoute: installation('routes.change'),
  deleteRoute: installation('routes.change'),
  listRouteModels: installation('routes.read'),
  updateRouteModel: installation('routes.change'),

  getProjectSafety: on('project', 'project.read'),
  updateProjectSafety: on('project', 'project.update'),

  listProjectBatches: on('project', 'batches.read'),
  getProjectBatch: on('batch', 'batches.read'),
  cancelProjectBatch: on('batch', 'batches.cancel', { orElse: ['batches.batch_ended'] }),
  getBatchOutput: on('batch', 'files.read', { alsoNeeds: 'batches.read', orElse: ['batches.no_results'] }),
  getBatchErrors: on('batch', 'files.read', { alsoNeeds: 'batches.read', orElse: ['batches.no_results'] }),

  listPlaygroundSessions: on('project', 'playground.read'),
  createPlaygroundSession: on('project', 'playground.write'),
  getPlaygroundSession: on('playground-session', 'playground.read'),
  updatePlaygroundSession: on('playground-session', 'playground.write'),
  deletePlaygroundSession: on('playground-session', 'playground.delete'),
  duplicatePlaygroundSession: on('playground-session', 'playground.write'),

  listBackups: installation('backup.read'),
  createBackup: installation('backup.create'),
  getBackupActivity: installation('backup.read'),
  checkBackup: installation('backup.create'),
  getBackupArchive: installation('backup.download'),
  deleteBackup: installation('backup.delete'),
  updateBackupRetention: installation('backup.delete'),
  restoreBackup: installation('backup.restore'),
  uploadBackup: installation('backup.restore'),
  getMachine: installation('machine.read'),
  getInstallation: installation('installation.read'),
  getStatus: installation('status.read'),
}

for (const [operation, expected] of Object.entries(EXPECTED))
  if (
    typeof expected === 'object' &&
    (expected.on === 'installation') !== (RULES[expected.action].on === 'installation')
  )
    throw new Error(`${operation} is expected on ${expected.on}, where ${expected.action} means nothing`)
