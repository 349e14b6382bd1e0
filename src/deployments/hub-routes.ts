/** The model hub: its token, and what a repository of it holds. */
import { Type } from 'typebox'
import type { Catalog, HubToken, HubTokenView, OfferedRepository } from '../catalog/catalog.ts'
import { knownCaller } from '../identity/access.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import {
  type HubSettingsOnWire,
  HubSettingsShape,
  HubTokenBody,
  type RepositoryOnWire,
  RepositoryShape,
} from './detail-schema.ts'
import { refusals } from './model-list-routes.ts'
import { fitOnWire, speedOnWire } from './on-wire.ts'

export type HubRoutesOptions = {
  catalog: Catalog
  hub: { url: string; token: HubToken }
  importFolder: string
  namesOf: (userIds: string[]) => Promise<ReadonlyMap<string, string>>
}

export async function hubRoutes(
  server: Server,
  { catalog, hub, importFolder, namesOf }: HubRoutesOptions,
): Promise<void> {
  const settings = async (view: HubTokenView): Promise<HubSettingsOnWire> => ({
    hub_url: hub.url,
    import_folder: importFolder,
    token: {
      source: view.source,
      last4: view.last4,
      set_by:
        view.setBy === null ? null : { id: view.setBy, name: (await namesOf([view.setBy])).get(view.setBy) ?? null },
      set_at: view.setAtMs === null ? null : new Date(view.setAtMs).toISOString(),
      readable: view.readable,
      editable: view.source !== 'configuration',
    },
  })

  server.get(
    '/api/hub/repository',
    {
      config: { access: 'models.pull' },
      schema: {
        tags: ['Models'],
        summary: 'The GGUF files of a repository of the hub, with their fit',
        description: 'Nothing is fetched but the header of one file. To fetch one, pull its `reference`.',
        querystring: Type.Object(
          {
            name: Type.String({
              pattern: '^[\\w-][\\w.-]{0,95}/[\\w-][\\w.-]{0,95}$',
              description: '`owner/repository`.',
            }),
            revision: Type.Optional(Type.String({ pattern: '^[\\w-][\\w./-]{0,99}$', description: 'Default `main`.' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: RepositoryShape, ...refusals, 502: ErrorShape },
      },
    },
    async (request) => {
      const { name, revision } = request.query
      return repositoryOnWire(await catalog.lookAtRepository(name, revision), hub.url)
    },
  )

  server.get(
    '/api/settings/hub',
    {
      config: { access: 'installation.read' },
      schema: {
        tags: ['Operations'],
        summary: 'The model hub, and whether a token for it is set',
        response: { 200: HubSettingsShape, 401: ErrorShape, 403: ErrorShape },
      },
    },
    async () => settings(hub.token.view()),
  )

  server.put(
    '/api/settings/hub',
    {
      config: { access: 'hub.update' },
      schema: {
        tags: ['Operations'],
        summary: "Set the hub's token, or another one",
        description: 'It is kept sealed and never shown again but for its last four characters.',
        body: HubTokenBody,
        response: { 200: HubSettingsShape, 400: ErrorShape, 401: ErrorShape, 403: ErrorShape, 409: ErrorShape },
      },
    },
    async (request) => settings(await hub.token.set(knownCaller(request), request.body.token.trim())),
  )

  server.delete(
    '/api/settings/hub',
    {
      config: { access: 'hub.update' },
      schema: {
        tags: ['Operations'],
        summary: "Clear the hub's token",
        response: { 200: HubSettingsShape, 401: ErrorShape, 403: ErrorShape, 409: ErrorShape },
      },
    },
    async (request) => settings(await hub.token.clear(knownCaller(request))),
  )
}

function repositoryOnWire(found: OfferedRepository, hubUrl: string): RepositoryOnWire {
  return {
    name: found.repo,
    url: `${hubUrl}/${found.repo}`,
    revision: found.revision,
    gated: found.gated,
    licence_id: found.licence,
    model: found.facts && {
      name: found.facts.name,
      family: found.facts.family,
      task: found.facts.task,
      parameters_total: found.facts.parameters.total,
      context_tokens: found.facts.contextTokens,
    },
    header_problem: found.headerProblem,
    files: found.files.map((file) => ({
      reference: file.reference,
      path: file.path,
      bytes: file.bytes,
      sha256: file.sha256,
      quantisation: file.quantisation,
      id: file.id,
      id_taken: file.idTaken,
      here: file.here,
      unusable: file.unusable,
      fit: file.fit && fitOnWire(file.fit),
      speed: file.fit && speedOnWire(null, file.fit.tokensPerSecond),
    })),
  }
}
