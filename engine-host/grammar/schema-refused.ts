import { RequestError } from '../openai/request-error.ts'

/**
 * A JSON Schema keyword that a grammar here cannot keep. Refused and never ignored: an answer that only mostly
 * matches its schema is worse than none.
 */
export class SchemaRefused extends RequestError {
  /**
   * @param path where in the request, as in `response_format.json_schema.schema.properties.age`
   * @param keyword the keyword at fault
   */
  constructor(path: string, keyword: string, reason: string) {
    super({
      status: 400,
      code: 'invalid_json_schema',
      param: path,
      message: `Invalid schema at '${path}': '${keyword}' ${reason}`,
    })
    this.name = 'SchemaRefused'
  }
}
