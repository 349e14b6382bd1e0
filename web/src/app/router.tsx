/** Every address of the console. A page's code comes with its first visit; what its address may say is in its `search.ts`. */
import { MutationCache, onlineManager, QueryCache, QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router'
import { ApiError } from '../api/client.ts'
import { parseAccountSearch } from '../pages/account/search.ts'
import { parseBatchesSearch } from '../pages/batches/search.ts'
import { parseKeysSearch } from '../pages/keys/search.ts'
import { parseModelSearch, parseModelsSearch } from '../pages/models/search.ts'
import { parsePeopleSearch, parseTrailSearch } from '../pages/people/search.ts'
import { parsePlaygroundSearch } from '../pages/playground/search.ts'
import { parseRequestsSearch } from '../pages/requests/search.ts'
import { parseRoutesSearch } from '../pages/routes/search.ts'
import { parseSettingsSearch } from '../pages/settings/search.ts'
import { parseUpstreamsSearch } from '../pages/upstreams/search.ts'
import { parseUsageSearch } from '../pages/usage/search.ts'
import { Trouble } from '../ui/trouble.tsx'
import { Frame, NotFound } from './frame.tsx'
import { onceOnline, PageComes } from './page-comes.tsx'
import { only } from './search-only.ts'
import { meQuery } from './session.ts'

/** A session that ended while one of its pages is open: sign-in takes its place, says why, and leads back to it. */
function leaveWithSession(error: unknown): void {
  if (!(error instanceof ApiError) || error.code !== 'identity.unauthenticated') return
  const { matches, location } = router.state
  if (!matches.some(({ routeId }) => routeId.startsWith('/signed-in'))) return
  void router.navigate({ to: '/sign-in', search: { next: location.href, error: 'session_ended' }, replace: true })
}

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: leaveWithSession }),
  mutationCache: new MutationCache({ onError: leaveWithSession }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // Without a connection a call fails at once and says so; it is asked again when the connection is back.
      networkMode: 'always',
      refetchOnReconnect: true,
      // A refusal does not change by asking again; a missing answer may.
      retry: (count, error) =>
        count < 2 &&
        onlineManager.isOnline() &&
        error instanceof ApiError &&
        (error.code === 'offline' || error.status >= 500),
    },
    mutations: { networkMode: 'always' },
  },
})

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ notFoundComponent: NotFound })

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: Frame,
  validateSearch: (raw: Record<string, unknown>): { project?: string } => {
    const project = typeof raw.project === 'string' && raw.project !== '' ? raw.project : undefined
    return { project } as { project?: string } // said even where it is not, or what stands in the address would stay
  },
  search: { middlewares: [retainSearchParams(['project'])] },
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queries.ensureQueryData(meQuery)
    } catch (error) {
      if (error instanceof ApiError && error.status === 401)
        throw redirect({ to: '/sign-in', search: { next: location.href }, replace: true })
      throw error
    }
  },
})

const page = <Path extends `/${string}`>(path: Path, load: () => Promise<{ default: React.ComponentType }>) =>
  ({ getParentRoute: () => signedIn, path, component: lazyRouteComponent(onceOnline(load)) }) as const

const overview = createRoute(page('/', () => import('../pages/overview/overview-page.tsx')))
const playground = createRoute({
  ...page('/playground', () => import('../pages/playground/playground-page.tsx')),
  validateSearch: only(parsePlaygroundSearch),
})
const playgroundSession = createRoute({
  ...page('/playground/$session', () => import('../pages/playground/playground-page.tsx')),
  validateSearch: only(parsePlaygroundSearch),
})
const models = createRoute({
  ...page('/models', () => import('../pages/models/models-page.tsx')),
  validateSearch: only(parseModelsSearch),
})
const model = createRoute({
  ...page('/models/$model', () => import('../pages/models/model-page.tsx')),
  validateSearch: only(parseModelSearch),
})
const usage = createRoute({
  ...page('/usage', () => import('../pages/usage/usage-page.tsx')),
  validateSearch: only(parseUsageSearch),
})
const requests = createRoute({
  ...page('/requests', () => import('../pages/requests/requests-page.tsx')),
  validateSearch: only(parseRequestsSearch),
})
const request = createRoute(page('/requests/$request', () => import('../pages/requests/request-page.tsx')))
const batches = createRoute({
  ...page('/batches', () => import('../pages/batches/batches-page.tsx')),
  validateSearch: only(parseBatchesSearch),
})
const batch = createRoute({
  ...page('/batches/$batch', () => import('../pages/batches/batches-page.tsx')),
  validateSearch: only(parseBatchesSearch),
})
const keys = createRoute({
  ...page('/keys', () => import('../pages/keys/keys-page.tsx')),
  validateSearch: only(parseKeysSearch),
})
const key = createRoute({
  ...page('/keys/$key', () => import('../pages/keys/keys-page.tsx')),
  validateSearch: only(parseKeysSearch),
})
const machine = createRoute(page('/machine', () => import('../pages/machine/machine-page.tsx')))
const upstreams = createRoute({
  ...page('/upstreams', () => import('../pages/upstreams/upstreams-page.tsx')),
  validateSearch: only(parseUpstreamsSearch),
})
const upstream = createRoute({
  ...page('/upstreams/$upstream', () => import('../pages/upstreams/upstreams-page.tsx')),
  validateSearch: only(parseUpstreamsSearch),
})
const routes = createRoute({
  ...page('/routes', () => import('../pages/routes/routes-page.tsx')),
  validateSearch: only(parseRoutesSearch),
})
const people = createRoute({
  ...page('/people', () => import('../pages/people/people-page.tsx')),
  validateSearch: only(parsePeopleSearch),
})
const trail = createRoute({
  ...page('/people/trail', () => import('../pages/people/trail-page.tsx')),
  validateSearch: only(parseTrailSearch),
})
const settings = createRoute({
  ...page('/settings', () => import('../pages/settings/settings-page.tsx')),
  validateSearch: only(parseSettingsSearch),
})
const account = createRoute({
  ...page('/account', () => import('../pages/account/account-page.tsx')),
  validateSearch: only(parseAccountSearch),
})
const parts = createRoute(page('/parts', () => import('../pages/parts/parts-page.tsx')))

/** Whatever else somebody who is signed in comes to. */
const nowhere = createRoute({ getParentRoute: () => signedIn, path: '/$', component: NotFound })

const alone = <Path extends `/${string}`>(path: Path, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(onceOnline(load)),
    validateSearch: (raw: Record<string, unknown>): { token?: string; next?: string; error?: string } => ({
      ...(typeof raw.error === 'string' ? { error: raw.error } : {}),
      ...(typeof raw.token === 'string' ? { token: raw.token } : {}),
      ...(typeof raw.next === 'string' ? { next: raw.next } : {}),
    }),
  })

const setup = alone('/setup', () => import('../pages/alone/setup-page.tsx'))
const signIn = alone('/sign-in', () => import('../pages/alone/sign-in-page.tsx'))
const invite = alone('/invite', () => import('../pages/alone/invite-page.tsx'))
const reset = alone('/reset-password', () => import('../pages/alone/reset-page.tsx'))

const confirmEmail = alone('/confirm-email', () => import('../pages/alone/confirm-email-page.tsx'))

export const router = createRouter({
  routeTree: root.addChildren([
    signedIn.addChildren([
      overview,
      playground,
      playgroundSession,
      models,
      model,
      usage,
      requests,
      request,
      batches,
      batch,
      keys,
      key,
      machine,
      upstreams,
      upstream,
      routes,
      people,
      trail,
      settings,
      account,
      parts,
      nowhere,
    ]),
    setup,
    signIn,
    invite,
    confirmEmail,
    reset,
  ]),
  context: { queries },
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultPendingComponent: PageComes,
  defaultErrorComponent: ({ error, reset: again }) => (
    <main className="page">
      <Trouble error={error} retry={again} />
    </main>
  ),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
