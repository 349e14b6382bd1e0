import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { schemaProblem, schemaWarning, toolsProblem, toolsWarning } from './check-json.ts'

const tools = (parameters: unknown) => JSON.stringify([{ type: 'function', function: { name: 'f', parameters } }])
const schema = (value: unknown) => schemaProblem(JSON.stringify(value))

describe('the parameters of a tool', () => {
  it('are right where they are a JSON Schema, or none', () => {
    const city = { type: ['string', 'null'], pattern: '^[A-Z]', minLength: 1 }
    const places = { type: 'array', items: { $ref: '#/$defs/place' }, maxItems: 3 }
    const whole = { type: 'object', properties: { city, places }, required: ['city'], $defs: { place: true } }
    assert.equal(toolsProblem(tools(whole)), null)
    assert.equal(toolsWarning(tools(whole)), null)
    assert.equal(toolsProblem('[{"type":"function","function":{"name":"f"}}]'), null)
  })

  it('are wrong where a type is misspelt, however deep', () => {
    assert.deepEqual(toolsProblem(tools({ type: 'objct' })), {
      code: 'schema-type',
      at: '[0].function.parameters',
      value: '"objct"',
    })
    assert.deepEqual(toolsProblem(tools({ type: 'object', properties: { a: { items: { type: 'strng' } } } })), {
      code: 'schema-type',
      at: '[0].function.parameters.properties.a.items',
      value: '"strng"',
    })
  })

  it('bring a warning where a name is required that is no property', () => {
    const typo = tools({ type: 'object', properties: { city: { type: 'string' } }, required: ['citty'] })
    assert.equal(toolsProblem(typo), null)
    assert.deepEqual(toolsWarning(typo), { at: '[0].function.parameters', name: 'citty' })
  })
})

describe('a schema', () => {
  it('is wrong where a word of it holds what it cannot', () => {
    for (const [value, code, at] of [
      [[], 'not-object', undefined],
      [{ type: [] }, 'schema-type', ''],
      [{ properties: [] }, 'schema-map', 'properties'],
      [{ properties: { a: 'string' } }, 'schema-not-schema', 'properties.a'],
      [{ required: 'a' }, 'schema-names', 'required'],
      [{ enum: [] }, 'schema-enum', 'enum'],
      [{ anyOf: {} }, 'schema-list', 'anyOf'],
      [{ pattern: '(' }, 'schema-pattern', 'pattern'],
      [{ maxItems: '3' }, 'schema-number', 'maxItems'],
      [{ minLength: -1 }, 'schema-number', 'minLength'],
    ] as const) {
      const problem = schema(value)
      assert.deepEqual([problem?.code, problem && 'at' in problem ? problem.at : undefined], [code, at])
    }
    assert.equal(schema({ minimum: -1 }), null)
  })

  it('takes names that objects have by themselves for what they are', () => {
    const text = '{"type":"object","properties":{"a":{}},"required":["toString"]}'
    assert.deepEqual(schemaWarning(text), { at: '', name: 'toString' })
  })
})
