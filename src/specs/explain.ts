/** Says what can stand at a path of a file, from the schemas themselves. */
import { z } from 'zod'
import { closest } from '../lib/closest.ts'
import type { Schema } from './schema-walk.ts'
import { aboutOf, schemaAt, shapeOf, waysOf } from './schema-walk.ts'
import type { SchemaName } from './schemas.ts'
import { fileSchemas, schemaNames } from './schemas.ts'

export interface Explained {
  readonly path: string
  readonly type: string
  readonly required: boolean
  readonly about: string
  readonly fields: readonly Omit<Explained, 'fields'>[]
}

/** Where a path that begins with a name of a schema may lead into: `workload.resources.gpus` is one of workload.toml. */
const roots: Readonly<Record<SchemaName, readonly (readonly [SchemaName, readonly string[]])[]>> = {
  workload: [
    ['workload', []],
    ['workload-toml', ['workload']],
    ['workload', ['spec']],
  ],
  deployment: [
    ['deployment', []],
    ['deployment', ['spec']],
  ],
  job: [
    ['job', []],
    ['job', ['spec']],
  ],
  cron: [
    ['cron', []],
    ['cron', ['spec']],
  ],
  workflow: [
    ['workflow', []],
    ['workflow', ['spec']],
  ],
  'workflow-request': [['workflow-request', []]],
  'workload-toml': [['workload-toml', []]],
  compose: [['compose', []]],
  request: [['request', []]],
  'deployment-request': [['deployment-request', []]],
  'molt-job': [['molt-job', []]],
}

/** `workload.spec.gpus.count`, or a schema alone. Null when there is no such field. */
export function explain(path: string): Explained | null {
  const [name = '', ...rest] = path.split('.').filter((part) => part !== '')
  if (!isSchemaName(name)) return null
  const found = roots[name].flatMap(([schema, start]) => {
    const there = schemaAt(fileSchemas[schema].schema, [...start, ...rest])
    return there === null ? [] : [there]
  })[0]
  if (found === undefined) return null
  const about = rest.length === 0 ? fileSchemas[name].title : (aboutOf(found) ?? '')
  return { path, ...described(found), about, fields: fieldsOf(found, path) }
}

const isSchemaName = (name: string): name is SchemaName => Object.hasOwn(roots, name)

function fieldsOf(schema: Schema, path: string): Explained['fields'] {
  return Object.entries(shapeOf(each(schema))).map(([name, inner]) => ({
    path: `${path}.${name}`,
    ...described(inner),
    about: aboutOf(inner) ?? '',
  }))
}

/** Of a list or a map of one's own names, what each of them is. */
function each(schema: Schema): Schema {
  const [way] = waysOf(schema).flatMap((one) =>
    one instanceof z.ZodArray ? [one.element] : one instanceof z.ZodRecord ? [one.valueType] : [],
  )
  return Object.keys(shapeOf(schema)).length > 0 || way === undefined ? schema : each(way)
}

const described = (schema: Schema): Pick<Explained, 'type' | 'required'> => ({
  type: typeText(schema),
  required: !isOptional(schema),
})

/** Also what has a value where nothing is said. */
const isOptional = (schema: Schema): boolean => schema._zod.optin !== undefined

/** In words for people: `number or text`, `list of text`. */
function typeText(schema: Schema): string {
  return [...new Set(waysOf(schema).map(wayText))].join(' or ')
}

function wayText(way: Schema): string {
  if (way instanceof z.ZodEnum) return way.options.join(' | ')
  if (way instanceof z.ZodLiteral) return Array.from(way.values, String).join(' | ')
  if (way instanceof z.ZodArray) return `list of ${typeText(way.element)}`
  if (way instanceof z.ZodRecord) return `map of ${typeText(way.valueType)}`
  if (way instanceof z.ZodObject) return 'map'
  if (way instanceof z.ZodNumber) return way.isInt ? 'whole number' : 'number'
  if (way instanceof z.ZodBoolean) return 'true or false'
  if (way instanceof z.ZodString) return 'text'
  return way instanceof z.ZodNull ? 'nothing' : 'any'
}

/** The nearest path that there is, for one that there is not. */
export function nearestPath(path: string): string | null {
  const parts = path.split('.')
  for (let length = parts.length - 1; length > 0; length -= 1) {
    const above = explain(parts.slice(0, length).join('.'))
    if (above === null) continue
    const near = closest(
      parts[length] ?? '',
      above.fields.map(({ path: full }) => full.split('.').at(-1) ?? ''),
    )
    return near === null ? above.path : `${above.path}.${near}`
  }
  return closest(parts[0] ?? '', schemaNames)
}
