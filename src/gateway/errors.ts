/**
 * What the gateway refuses, and why. Codes are OpenAI's own where OpenAI has one, since clients match those.
 * A `param` in the data names the field at fault and goes into the error's `param`.
 */
import { AppError } from '../platform/errors.ts'

export class KeyMissing extends AppError {
  static override code = 'invalid_api_key'
  static override status = 401
  static override say = () =>
    'No API key came with this request. Send it as "Authorization: Bearer <key>", or in x-api-key or api-key.'
}

export class KeyUnknown extends AppError {
  static override code = 'invalid_api_key'
  static override status = 401
  static override say = () => 'This API key is not known here. It may be mistyped, revoked, or of another installation.'
}

export class KeyExpired extends AppError<{ expiredAt: string }> {
  static override code = 'invalid_api_key'
  static override status = 401
  static override say = (d: { expiredAt: string }) =>
    `This API key ended at ${d.expiredAt}: it expired, or a rotation put another secret in the place of this one.`
}

export class ScopeMissing extends AppError<{ scope: string; scopes: readonly string[] }> {
  static override code = 'insufficient_permissions'
  static override status = 403
  static override say = (d: { scope: string; scopes: readonly string[] }) =>
    `This needs a key with the scope ${d.scope}; this key has: ${d.scopes.join(', ') || 'none'}.`
}

/** The key is right and the place is wrong. Behind a proxy that is not trusted it is the proxy's address that counts. */
export class IpNotAuthorized extends AppError<{ address: string | null }> {
  static override code = 'ip_not_authorized'
  static override status = 403
  static override say = (d: { address: string | null }) =>
    `This API key may not be used from ${d.address ?? 'an unknown address'}.`
}

/** Said too of a model that the key may not name: whether it exists is not the caller's business. */
export class ModelNotFound extends AppError<{ model: string; param: 'model' }> {
  static override code = 'model_not_found'
  static override status = 404
  static override say = (d: { model: string }) =>
    `The model \`${d.model.slice(0, 200)}\` does not exist or this key has no access to it.`
}

export class BodyNotJson extends AppError<{ at: number; trouble: string }> {
  static override code = 'invalid_json'
  static override status = 400
  static override say = (d: { at: number; trouble: string }) =>
    `The body is not valid JSON: ${d.trouble} at byte ${d.at}.`
}

export class FieldMissing extends AppError<{ param: string }> {
  static override code = 'missing_required_parameter'
  static override status = 400
  static override say = (d: { param: string }) => `The body must hold "${d.param}".`
}

export class FieldOfWrongType extends AppError<{ param: string; wanted: string }> {
  static override code = 'invalid_type'
  static override status = 400
  static override say = (d: { param: string; wanted: string }) => `"${d.param}" must be ${d.wanted}.`
}

/** Of a field that is there and cannot be what it is. */
export class FieldInvalid extends AppError<{ param: string; trouble: string }> {
  static override code = 'invalid_value'
  static override status = 400
  static override say = (d: { param: string; trouble: string }) => `${d.param}: ${d.trouble}.`
}

/** Passing over it would change the answer. */
export class FieldUnsupported extends AppError<{ param: string; trouble: string }> {
  static override code = 'unsupported_parameter'
  static override status = 400
  static override say = (d: { param: string; trouble: string }) => `${d.param}: ${d.trouble}.`
}

/** Readers disagree on which of two equal keys counts; one request must not mean two things to two of them. */
export class FieldTwice extends AppError<{ param: string }> {
  static override code = 'duplicate_parameter'
  static override status = 400
  static override say = (d: { param: string }) => `"${d.param}" is given twice in the body; give it once.`
}

export class BodyTooLarge extends AppError<{ bytesMax: number }> {
  static override code = 'request_too_large'
  static override status = 413
  static override say = (d: { bytesMax: number }) => `The body is larger than ${d.bytesMax} bytes, the most taken here.`
}

export class BodyTooSlow extends AppError<{ idleMs: number }> {
  static override code = 'request_timeout'
  static override status = 408
  static override say = (d: { idleMs: number }) => `No byte of the body came for ${d.idleMs} ms.`
}

/** Byte by byte, a body could be kept from ending for as long as its sender likes. */
export class BodyOverdue extends AppError<{ wholeMs: number }> {
  static override code = 'request_timeout'
  static override status = 408
  static override say = (d: { wholeMs: number }) => `The body did not come whole within ${d.wholeMs} ms.`
}

export class BodyEncoded extends AppError<{ encoding: string }> {
  static override code = 'unsupported_content_encoding'
  static override status = 415
  static override say = (d: { encoding: string }) =>
    `Bodies must be sent as they are, without content-encoding; this one says "${d.encoding.slice(0, 40)}".`
}

export class HeadersTooMany extends AppError<{ headersMax: number }> {
  static override code = 'headers_too_large'
  static override status = 431
  static override say = (d: { headersMax: number }) => `More than ${d.headersMax} headers came with this request.`
}

export class TargetRefused extends AppError {
  static override code = 'invalid_request_target'
  static override status = 400
  static override say = () => 'The request must name a path that begins with "/".'
}

/** What lies on the way to us may have gone by one of them, and what comes after us by another. */
export class HostAmbiguous extends AppError {
  static override code = 'invalid_host'
  static override status = 400
  static override say = () => 'The request must have one header "host".'
}

/** Answered with the header `allow`, which names the methods that the path takes. */
export class MethodNotAllowed extends AppError<{ method: string; path: string; allowed: string }> {
  static override code = 'method_not_allowed'
  static override status = 405
  static override say = (d: { method: string; path: string; allowed: string }) =>
    `${d.path} is asked with ${d.allowed}, not with ${d.method.slice(0, 20)}.`
}

export class RouteUnknown extends AppError<{ method: string; path: string }> {
  static override code = 'not_found'
  static override status = 404
  static override say = (d: { method: string; path: string }) =>
    `There is no ${d.method.slice(0, 20)} ${d.path.slice(0, 200)} here.`
}

/** Also of one that expired, was deleted, or is another project's: from outside they look the same. */
export class PreviousResponseNotFound extends AppError<{ response: string; param: 'previous_response_id' }> {
  static override code = 'previous_response_not_found'
  static override status = 400
  static override say = (d: { response: string }) =>
    `Previous response with id '${d.response.slice(0, 100)}' not found. Responses are kept for 30 days, unless \`store\` was false.`
}

/** Said in place of the others where nothing can be found, whatever its id. */
export class ResponsesNotKept extends AppError<{ param: 'previous_response_id' | 'input' }> {
  static override code = 'responses_not_kept'
  static override status = 400
  static override say = () =>
    'This project lets nothing that is said reach a disk, so its responses are not kept and cannot be named. Send the whole conversation in `input`, or allow content on disk in the settings of the project.'
}

export class ItemNotFound extends AppError<{ item: string; param: 'input' }> {
  static override code = 'item_not_found'
  static override status = 404
  static override say = (d: { item: string }) =>
    `Item with id '${d.item.slice(0, 100)}' not found. Items are not kept when \`store\` is false: send the item itself.`
}

export class ConversationTooLong extends AppError<{
  responsesMax: number
  bytesMax: number
  param: 'previous_response_id'
}> {
  static override code = 'conversation_too_long'
  static override status = 400
  static override say = (d: { responsesMax: number; bytesMax: number }) =>
    `The conversation before this response is longer than ${d.responsesMax} responses or ${d.bytesMax} bytes, the most that is gone on from. Send what matters of it in \`input\`.`
}

/** Also of one that expired, was deleted, or is another project's. */
export class ResponseNotFound extends AppError<{ response: string }> {
  static override code = 'response_not_found'
  static override status = 404
  static override say = (d: { response: string }) => `Response with id '${d.response.slice(0, 100)}' not found.`
}

export class NotInBackground extends AppError<{ response: string }> {
  static override code = 'response_not_in_background'
  static override status = 400
  static override say = (d: { response: string }) =>
    `Response '${d.response.slice(0, 100)}' was not made in the background, so there is nothing to cancel. A response that is being made ends when its client closes the connection.`
}

/** Of a part of another API by which nothing is done here. */
export class NotByThisApi extends AppError<{ path: string; instead: string }> {
  static override code = 'not_by_this_api'
  static override status = 403
  static override say = (d: { path: string; instead: string }) => `${d.path} does nothing here. ${d.instead}`
}

/** By a safety rule of the project. The text is named nowhere, only the rule. */
export class ContentFiltered extends AppError<{ rule: string }> {
  static override code = 'content_filter'
  static override status = 400
  static override say = (d: { rule: string }) =>
    `The request was refused before a model got it: it is against a safety rule of its project (${d.rule}).`
}

export class ImageUrlRefused extends AppError<{ reason: 'not_inline' | 'not_public' }> {
  static override code = 'image_url_refused'
  static override status = 400
  static override say = (d: { reason: 'not_inline' | 'not_public' }) =>
    d.reason === 'not_inline'
      ? 'This project takes images within the request only: send them as data: URLs.'
      : 'The URL of an image does not lead to the public internet. Send the image as a data: URL.'
}

/** What nobody could judge does not pass. */
export class ModerationUnavailable extends AppError<{ model: string; reason: string }> {
  static override code = 'moderation_unavailable'
  static override status = 503
  static override say = (d: { model: string; reason: string }) =>
    `The guard model \`${d.model}\` could not judge this: ${d.reason.slice(0, 300)}`
}

export class ModerationUnconfigured extends AppError {
  static override code = 'moderation_unconfigured'
  static override status = 400
  static override say = () =>
    'Nothing moderates for this project. Name a guard model in `model`, or choose who moderates in the settings of the project (PUT /api/projects/{id}/safety).'
}

/** The worker runs, but control has not told it any key yet. */
export class Starting extends AppError {
  static override code = 'starting'
  static override status = 503
  static override say = () => 'Tradewind is starting; try again in a moment.'
}

export class Overloaded extends AppError<{ heldBytesMax: number }> {
  static override code = 'overloaded'
  static override status = 503
  static override say = (d: { heldBytesMax: number }) =>
    `Requests already waiting here fill the ${d.heldBytesMax} bytes set aside for them; try again in a moment.`
}

export class EngineUnavailable extends AppError<{ model: string; waitedMs: number }> {
  static override code = 'engine_unavailable'
  static override status = 503
  static override say = (d: { model: string; waitedMs: number }) =>
    `No engine of \`${d.model}\` could be reached within ${d.waitedMs} ms; it may be restarting.`
}

/** An operator lets it run out: running answers end, and nothing new is begun. */
export class ModelDraining extends AppError<{ model: string }> {
  static override code = 'model_draining'
  static override status = 503
  static override say = (d: { model: string }) =>
    `The model \`${d.model}\` takes no new requests: an operator is draining it. Ask for another one.`
}

/** Of a name that leads to several models. What was tried is named by model; where it runs is nobody's business. */
export class TargetsExhausted extends AppError<{ model: string; tried: string; wasReached: boolean }> {
  static override code = 'no_target_answered'
  static override status = 503
  static override say = (d: { model: string; tried: string }) =>
    d.tried === ''
      ? `None of the models that \`${d.model}\` leads to is served here.`
      : `None of the models that \`${d.model}\` leads to could answer: ${d.tried}.`
}

/** Of what the engines here do and the upstream that serves this model does not. */
export class NotServedByModel extends AppError<{ model: string; path: string }> {
  static override code = 'not_served_by_model'
  static override status = 400
  static override say = (d: { model: string; path: string }) =>
    `\`${d.model.slice(0, 200)}\` is served by an upstream that has nothing like ${d.path}.`
}

/** Never passed on as it came: the client's own key is good. */
export class UpstreamRefusedUs extends AppError<{ model: string }> {
  static override code = 'upstream_refused_us'
  static override status = 502
  static override say = (d: { model: string }) =>
    `The upstream of \`${d.model}\` does not let this installation in. Your own key is good; its operator must look at the upstream's secret or account.`
}

export class UpstreamLacksModel extends AppError<{ model: string }> {
  static override code = 'upstream_lacks_model'
  static override status = 502
  static override say = (d: { model: string }) =>
    `The upstream of \`${d.model}\` does not have this model, or not this kind of request for it.`
}

export class UpstreamBusy extends AppError<{ model: string }> {
  static override code = 'upstream_busy'
  static override status = 429
  static override say = (d: { model: string }) =>
    `The upstream of \`${d.model}\` takes no more requests of this installation right now; try again in a moment.`
}

export class UpstreamOverloaded extends AppError<{ model: string }> {
  static override code = 'upstream_overloaded'
  static override status = 503
  static override say = (d: { model: string }) =>
    `The upstream of \`${d.model}\` is overloaded or away; try again in a moment.`
}

export class UpstreamFailed extends AppError<{ model: string; status: number }> {
  static override code = 'upstream_failed'
  static override status = 502
  static override say = (d: { model: string; status: number }) =>
    `The upstream of \`${d.model}\` failed with status ${d.status}.`
}

/** What cannot be written down is not served: it would be consumed and never counted. */
export class UsageUnrecordable extends AppError {
  static override code = 'usage_unrecordable'
  static override status = 503
  static override say = () =>
    'This worker cannot write its usage journal, so it serves nothing new; its disk may be full. Try again in a moment.'
}

/** Nobody is told: the connection broke with the worker. Records say it. */
export class AnswerInterrupted extends AppError {
  static override code = 'gateway_interrupted'
  static override status = 502
  static override say = () => 'The gateway stopped in the middle of this answer.'
}

/** The engine died with the request in its hands. */
export class EngineLost extends AppError<{ model: string; attempts: number }> {
  static override code = 'engine_lost'
  static override status = 502
  static override say = (d: { model: string; attempts: number }) =>
    `The engine of \`${d.model}\` stopped while answering (attempts: ${d.attempts}).`
}

export class EngineTimeout extends AppError<{ model: string; waitedMs: number }> {
  static override code = 'engine_timeout'
  static override status = 504
  static override say = (d: { model: string; waitedMs: number }) =>
    `The engine of \`${d.model}\` said nothing for ${d.waitedMs} ms.`
}

/** Control is restarting or gone. Models that are loaded keep answering; what needs control does not. */
export class ControlUnavailable extends AppError {
  static override code = 'control_unavailable'
  static override status = 502
  static override say = () =>
    'The control process is not answering; it may be restarting. Models that are loaded keep working meanwhile.'
}

/** Not for the wire: the client left, so nobody is there to be told. */
export class ClientLeft extends Error {
  override name = 'ClientLeft'
}
