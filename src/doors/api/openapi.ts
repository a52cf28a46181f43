/** The OpenAPI document of everything the API answers, made from the registry. */
import { z } from 'zod'
import { failures } from '../../model/failures.ts'
import { Consistency } from '../../operations/consistency.ts'
import { leastRole } from '../../core/access/roles.ts'
import type { Operation } from '../../operations/operation.ts'

type Json = Record<string, unknown>

export function openApi(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Json> = {}
  const add = (path: string, method: string, entry: Json): void => {
    paths[path] = { ...paths[path], [method.toLowerCase()]: entry }
  }
  for (const operation of operations) {
    // A conversation is no request with an answer, which is all that such a document can describe.
    if (operation.kind === 'duplex') continue
    add(`/api/ops/${operation.name}`, 'POST', described(operation, 'ops', withBody(operation)))
    if (operation.rest === undefined) continue
    const { method, path } = operation.rest
    const braced = path.replace(/:(\w+)/g, '{$1}')
    const inBody = method === 'POST' || method === 'PATCH'
    const details = inBody
      ? { ...withBody(operation), parameters: inPath(path) }
      : { parameters: inUrl(operation, path) }
    add(braced, method, described(operation, 'rest', details))
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Clawbernetes', version, description: 'Every peer of a mesh serves this API.' },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: errorSchema },
    },
  }
}

function described(operation: Operation, door: string, details: Json): Json {
  const type = operation.kind === 'stream' ? 'application/x-ndjson' : 'application/json'
  return {
    operationId: door === 'ops' ? operation.name : `${door}.${operation.name}`,
    summary: operation.about,
    tags: [operation.name.split('.')[0] ?? operation.name],
    'x-role': leastRole(operation.permission),
    ...details,
    responses: {
      200: {
        description: operation.kind === 'stream' ? 'One item a line' : 'The answer',
        content: { [type]: { schema: schemaOf(operation.output, 'output') } },
      },
      default: {
        description: 'A failure',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const json: Json = { ...z.toJSONSchema(schema, { io, unrepresentable: 'any' }) }
  delete json['$schema']
  return json
}

const withBody = (operation: Operation): Json => ({
  requestBody: { content: { 'application/json': { schema: schemaOf(operation.input, 'input') } } },
})

const namesIn = (path: string): readonly string[] => Array.from(path.matchAll(/:(\w+)/g), ([, name]) => name ?? '')

const inPath = (path: string): readonly Json[] =>
  namesIn(path).map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))

/** Taken by every operation beside its own input; bodies may carry them too. */
const freshness = Object.entries(z.toJSONSchema(Consistency, { io: 'input' }).properties ?? {})

function inUrl(operation: Operation, path: string): readonly Json[] {
  const named = namesIn(path)
  const { properties } = z.toJSONSchema(operation.input, { io: 'input' })
  const inQuery = Object.entries(properties ?? {}).filter(([name]) => !named.includes(name))
  return [
    ...inPath(path),
    ...[...inQuery, ...freshness].map(([name, schema]) => ({ name, in: 'query', required: false, schema })),
  ]
}

const errorSchema: Json = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'hint'],
      properties: {
        code: { type: 'string', enum: Object.keys(failures) },
        message: { type: 'string' },
        hint: { type: 'string' },
        facts: {},
      },
    },
  },
}
