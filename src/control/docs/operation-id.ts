import type { Method } from './openapi.ts'

/**
 * Names an operation by its route, so that clients generated from the document have methods one would have chosen.
 *
 *     GET /api/models → listModels · GET /api/models/{id} → getModel · POST /api/models/{id}/pull → pullModel
 *     DELETE /api/models/{id}/weights → deleteModelWeights · POST /api/auth/sign-in/email → signInEmail
 *
 * @param isList whether a GET answers a list
 */
export function operationId(method: Method, path: string, isList: boolean): string {
  const steps = path.split('/').filter((step) => step !== '' && step !== 'api')
  if (steps[0] === 'auth') return camel(steps.slice(1).join('-'))
  const endsWithId = steps.at(-1)?.startsWith('{') ?? false
  const nouns = steps.filter((step) => !step.startsWith('{'))
  const last = nouns.at(-1) ?? ''
  const owners = nouns.slice(0, -1).map((noun) => pascal(singular(noun)))
  const one = owners.join('') + pascal(singular(last))
  switch (method) {
    case 'get':
      return isList
        ? `list${owners.join('')}${pascal(last)}`
        : `get${endsWithId ? one : owners.join('') + pascal(last)}`
    case 'post':
      return owners.length > 0 && singular(last) === last ? camel(last) + owners.join('') : `create${one}`
    case 'put':
    case 'patch':
      return `update${one}`
    case 'delete':
      return `delete${endsWithId ? one : owners.join('') + pascal(last)}`
    default:
      return method satisfies never
  }
}

function singular(noun: string): string {
  return /[^su]s$/.test(noun) ? noun.slice(0, -1) : noun
}

function camel(words: string): string {
  return words.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function pascal(words: string): string {
  const name = camel(words)
  return name.charAt(0).toUpperCase() + name.slice(1)
}
