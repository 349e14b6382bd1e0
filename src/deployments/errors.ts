import { AppError } from '../platform/errors.ts'

/** The model is known, but its weights are not on this machine. */
export class NoWeights extends AppError<{ model: string }> {
  static override code = 'deployments.no_weights'
  static override status = 409
  static override say = (d: NoWeights['data']) =>
    `The weights of ${d.model} are not here yet. Pull them first: npm run tradewind -- models pull ${d.model}`
}

export class ModelNotServed extends AppError<{ model: string; task: string }> {
  static override code = 'deployments.task_not_served'
  static override status = 422
  static override say = (d: ModelNotServed['data']) =>
    `${d.model} is a model for ${d.task}, which no engine here serves yet.`
}

export class AdapterUnknown extends AppError<{ name: string }> {
  static override code = 'deployments.adapter_unknown'
  static override status = 404
  static override say = (d: AdapterUnknown['data']) => `There is no adapter ${d.name}.`
}

export class NameTaken extends AppError<{ name: string }> {
  static override code = 'deployments.name_taken'
  static override status = 409
  static override say = (d: NameTaken['data']) => `The name ${d.name} is taken by another model or adapter.`
}

export class ReplicaUnknown extends AppError<{ replica: string }> {
  static override code = 'deployments.replica_unknown'
  static override status = 404
  static override say = (d: ReplicaUnknown['data']) =>
    `There is no replica ${d.replica}. One that was restarted or loaded again has a new id.`
}

/** One browser that opens stream after stream would take the connections of all. */
export class TooManyStreams extends AppError<{ most: number }> {
  static override code = 'deployments.too_many_streams'
  static override status = 429
  static override say = (d: TooManyStreams['data']) =>
    `You have ${d.most} streams of events open, which is the most. Close a page and try again.`
}
