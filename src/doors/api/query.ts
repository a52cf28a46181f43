/** Query strings carry only text; the operation's schema says what each value has to become. */
import { z } from 'zod'

type JsonSchema = z.core.JSONSchema.JSONSchema

/** The input that a URL and a body make together; what the path names wins. */
export function inputFrom(
  schema: z.ZodType,
  { query, params, body }: { readonly query: unknown; readonly params: unknown; readonly body: unknown },
): unknown {
  if (body !== undefined && body !== null && (typeof body !== 'object' || Array.isArray(body))) return body
  return { ...fromQuery(schema, query), ...body, ...(params as object) }
}

/** An operation's schema never changes, and turning it into JSON Schema costs more than the rest of a request. */
const known = new WeakMap<z.ZodType, JsonSchema>()

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const json = known.get(schema) ?? z.toJSONSchema(schema, { io: 'input' })
  known.set(schema, json)
  return json
}

function fromQuery(schema: z.ZodType, query: unknown): Record<string, unknown> {
  const { properties } = jsonSchemaOf(schema)
  return Object.fromEntries(
    Object.entries(query as Record<string, unknown>).map(([key, value]) => [key, converted(value, properties?.[key])]),
  )
}

/** The value as the schema's type, or as it came when it does not look like one: then the schema says what is wrong. */
function converted(value: unknown, schema: JsonSchema | boolean | undefined): unknown {
  if (typeof schema !== 'object') return value
  if (schema.type === 'array') return (Array.isArray(value) ? value : [value]) as unknown
  if (typeof value !== 'string') return value
  if (schema.type === 'boolean') return value === '' || value === 'true' ? true : value === 'false' ? false : value
  const isNumber = schema.type === 'integer' || schema.type === 'number'
  return isNumber && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value
}
