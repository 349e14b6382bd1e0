import type { Server } from '../platform/http.ts'

/** `/openapi.json`: the document that the routes' own schemas make. */
export async function docsRoutes(server: Server): Promise<void> {
  server.get('/openapi.json', { config: { access: 'anybody' }, schema: { hide: true } }, async () => server.swagger())
}
