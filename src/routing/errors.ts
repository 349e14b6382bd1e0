import { AppError } from '../platform/errors.ts'

export class RouteUnknown extends AppError<{ route: string }> {
  static override code = 'routing.route_unknown'
  static override status = 404
  static override say = (d: { route: string }) => `There is no route ${d.route}.`
}

/** The reason says what to write instead. */
export class RouteRefused extends AppError<{ path: string; reason: string }> {
  static override code = 'routing.route_refused'
  static override status = 400
  static override say = (d: { path: string; reason: string }) => `${d.path}: ${d.reason}.`
}

export class TooManyRoutes extends AppError<{ routes: number }> {
  static override code = 'routing.too_many_routes'
  static override status = 409
  static override say = (d: { routes: number }) =>
    `There are ${d.routes} routes, which is as many as there may be. Remove some.`
}

/** Of a switch that would change nothing, since nothing is served by that name. */
export class ModelNotServed extends AppError<{ model: string }> {
  static override code = 'routing.model_not_served'
  static override status = 404
  static override say = (d: { model: string }) => `No model called ${d.model} is served here.`
}
