/** Who belongs to an organisation or a project, and with which role. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, oneOf, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import * as wire from './member-schema.ts'
import { revokedKeyOnWire } from './organization-schema.ts'
import { ORGANIZATION_ROLES } from './rules.ts'

const refusals = { 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }
const id = Type.String({ maxLength: 64 })
const search = Type.Optional(Type.String({ maxLength: 100, description: 'Part of a name or e-mail address.' }))

export async function memberRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { members, projectMembers } = identity

  server.get(
    '/api/organizations/:id/members',
    {
      config: { access: 'members.list' },
      schema: {
        tags: ['People'],
        summary: 'List the members of an organisation, the newest people first',
        description: 'With those who have a role in single projects alone; their `role` is null.',
        params: Type.Object({ id }),
        querystring: Type.Object(
          { ...PageQuery, role: Type.Optional(oneOf(ORGANIZATION_ROLES)), search },
          { additionalProperties: false },
        ),
        response: { 200: wire.MemberPage, 400: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      const { role, search } = request.query
      const filter = { role: role ?? null, search: search?.trim() || null }
      const page = await members.list(caller, request.params.id, filter, pageFrom(request.query, 'usr'))
      return pageOnWire(page, (member) => wire.memberOnWire(member, caller, request.params.id))
    },
  )

  server.patch(
    '/api/organizations/:id/members/:user_id',
    {
      config: { access: 'members.change' },
      schema: {
        tags: ['People'],
        summary: "Change a member's role",
        description:
          'Only an owner makes, changes or unmakes an owner, and the last one stays. Open invitations that this person made and could not make any more are taken back. Keys that this person owns in projects where prompts are refused to them now are revoked, which the answer names; those of service accounts stay.',
        params: Type.Object({ id, user_id: id }),
        body: wire.RoleChange,
        response: { 200: wire.MemberChangedShape, 400: ErrorShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      const { id, user_id } = request.params
      const changed = await members.changeRole(caller, id, user_id, request.body.role)
      const keys_revoked = changed.keysRevoked.map(revokedKeyOnWire)
      return { ...wire.memberOnWire(changed, caller, id), keys_revoked }
    },
  )

  server.delete(
    '/api/organizations/:id/members/:user_id',
    {
      config: { access: 'members.change' },
      schema: {
        tags: ['People'],
        summary: 'Take somebody out of an organisation',
        description:
          'Out of all its projects too. Keys that this person made are revoked, which the answer names: when it comes, every gateway refuses them. Keys that a service account owns keep working. The person can still sign in.',
        params: Type.Object({ id, user_id: id }),
        response: { 200: wire.DepartureShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request) => {
      const { id, user_id } = request.params
      return wire.departureOnWire(user_id, await members.remove(knownCaller(request), id, user_id))
    },
  )

  server.get(
    '/api/projects/:id/members',
    {
      config: { access: 'members.list' },
      schema: {
        tags: ['People'],
        summary: 'List who has a role in a project, the newest people first',
        description:
          '`role` is the one that counts: `project_role`, else `organization_role`; an owner stays an owner. A guest, who has a role in this project alone and does not manage it, gets those who have a role in it or manage the organisation, without e-mail addresses.',
        params: Type.Object({ id }),
        querystring: Type.Object({ ...PageQuery, search }, { additionalProperties: false }),
        response: { 200: wire.ProjectMemberPage, 400: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const filter = { search: request.query.search?.trim() || null }
      const page = pageFrom(request.query, 'usr')
      const found = await projectMembers.list(knownCaller(request), request.params.id, filter, page)
      return pageOnWire(found, wire.projectMemberOnWire)
    },
  )

  server.put(
    '/api/projects/:id/members/:user_id',
    {
      config: { access: 'members.change' },
      schema: {
        tags: ['People'],
        summary: 'Give somebody a role in one project',
        description:
          'Beside the role in the organisation, be it more or less. Whoever is new to the organisation is invited instead. Open invitations that this person made and could not make any more are taken back, and keys that they own here are revoked where prompts are refused to them now.',
        params: Type.Object({ id, user_id: id }),
        body: wire.ProjectRoleChange,
        response: { 200: wire.ProjectMemberChangedShape, 400: ErrorShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request) => {
      const { id, user_id } = request.params
      const changed = await projectMembers.set(knownCaller(request), id, user_id, request.body.role)
      return { ...wire.projectMemberOnWire(changed), keys_revoked: changed.keysRevoked.map(revokedKeyOnWire) }
    },
  )

  server.delete(
    '/api/projects/:id/members/:user_id',
    {
      config: { access: 'members.change' },
      schema: {
        tags: ['People'],
        summary: 'Take a role in one project back',
        description:
          'The role in the organisation counts again; where there is none, the person is out of the project. Open invitations that this person made and could not make any more are taken back, and keys that they own here are revoked where prompts are refused to them now.',
        params: Type.Object({ id, user_id: id }),
        response: { 200: wire.ProjectDepartureShape, ...refusals },
      },
    },
    async (request) => {
      const { id, user_id } = request.params
      const { keysRevoked } = await projectMembers.clear(knownCaller(request), id, user_id)
      return { user_id, keys_revoked: keysRevoked.map(revokedKeyOnWire) }
    },
  )
}
