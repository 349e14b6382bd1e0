/**
 * Fastify compiles the schemas of every route before it listens, which for all of control's takes longer than the rest of
 * a start together. Here each is compiled when its route is first used, and the compilers themselves are read then.
 */
import { createRequire } from 'node:module'
import type { BuildCompilerFromPool } from '@fastify/ajv-compiler'
import type { SerializerFactory } from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'

type Compilers = Required<NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>>
type Shared = Parameters<BuildCompilerFromPool>[0]
type AjvOptions = Parameters<BuildCompilerFromPool>[1]
type Validate = ((data: unknown) => unknown) & { errors?: unknown }

const require = createRequire(import.meta.url)
const validators = onFirstUse(() => (require('@fastify/ajv-compiler') as () => BuildCompilerFromPool)())
const serializers = onFirstUse(() => (require('@fastify/fast-json-stringify-compiler') as () => SerializerFactory)())

/** For Fastify's `schemaController.compilersFactory`. A schema that does not compile fails the first request to its route. */
export function compilersAtFirstUse(): Compilers {
  return {
    buildValidator: ((shared: Shared, options: AjvOptions) => {
      const compiler = onFirstUse(() => validators()(shared, options))
      return ((route: Parameters<ReturnType<BuildCompilerFromPool>>[0]) => {
        const compiled = onFirstUse(() => compiler()(route) as Validate)
        const validate: Validate = (data) => {
          const answer = compiled()(data)
          validate.errors = compiled().errors // Fastify reads them off the function that it was given
          return answer
        }
        return validate
      }) as ReturnType<BuildCompilerFromPool>
    }) as Compilers['buildValidator'],
    buildSerializer: ((shared, options) => {
      const compiler = onFirstUse(() => serializers()(shared, options))
      return (route) => {
        const compiled = onFirstUse(() => compiler()(route))
        return (data) => compiled()(data)
      }
    }) as Compilers['buildSerializer'],
  }
}

function onFirstUse<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}
