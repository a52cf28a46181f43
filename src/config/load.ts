/** Where settings come from. Later sources win: defaults, the file, the environment, the command line. */
import { z } from 'zod'
import { closest } from '../lib/closest.ts'
import { ClawError } from '../model/failure.ts'
import { Config } from './schema.ts'
import { readToml, TomlProblem } from './toml.ts'

type Tree = Readonly<Record<string, unknown>>

/** Reads one TOML file. Keys may be written `listen_on` or `listenOn`. Throws CONFIG_INVALID with line and column. */
export function parseConfigFile(file: string, content: string): Tree {
  try {
    return camelKeys(readToml(content)) as Tree
  } catch (error) {
    if (!(error instanceof TomlProblem)) throw error
    const problem = `line ${error.line}, column ${error.column}: ${error.message}`
    throw new ClawError('CONFIG_INVALID', { file, problem }, { cause: error })
  }
}

/** `CLAWNODE_API_LISTEN=…` sets `api.listen`; lists are separated by commas. Variables that name no setting are left alone. */
export function configFromEnvironment(environment: Readonly<Record<string, string | undefined>>): Tree {
  const tree: Record<string, unknown> = {}
  for (const { path, schema } of settings()) {
    const name = environmentName(path)
    const value = environment[name] ?? (name === 'CLAWNODE_NODE_NAME' ? environment['CLAWNODE_NAME'] : undefined)
    if (value !== undefined) put(tree, path, coerce(value, schema))
  }
  return tree
}

/** The variable that sets a setting. */
export const environmentName = (path: readonly string[]): string =>
  `CLAWNODE_${path.map((part) => part.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()).join('_')}`

/** Puts sources on top of each other and checks the whole. Throws CONFIG_INVALID that names the setting, and the nearest one for a typo. */
export function layer(origin: string, ...sources: readonly Tree[]): Config {
  const parsed = Config.safeParse(sources.reduce(merge, {}))
  if (parsed.success) return parsed.data
  throw new ClawError('CONFIG_INVALID', { file: origin, problem: parsed.error.issues.map(explain).join('; ') })
}

export interface Setting {
  readonly path: readonly string[]
  readonly schema: z.core.$ZodType
  readonly about: string
  /** Undefined where there is no default. */
  readonly fallback: unknown
}

/** All settings in the order of the schema. */
export function settings(): readonly Setting[] {
  const found: Setting[] = []
  const walk = (schema: z.ZodType, path: readonly string[]): void => {
    const inner = unwrap(schema)
    if (inner instanceof z.ZodObject)
      for (const [key, value] of Object.entries(inner.shape)) walk(value as z.ZodType, [...path, key])
    else found.push({ path, schema: inner, about: schema.description ?? '', fallback: fallbackOf(schema) })
  }
  walk(Config, [])
  return found
}

const fallbackOf = (schema: z.ZodType): unknown =>
  schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return unwrap(schema.unwrap())
  return schema
}

function coerce(value: string, schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodArray) return value.split(',').filter((part) => part !== '')
  if (schema instanceof z.ZodBoolean)
    return value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value
  if (schema instanceof z.ZodRecord) return Object.fromEntries(value.split(',').map((pair) => splitOnce(pair, '=')))
  return value
}

const splitOnce = (text: string, at: string): readonly [string, string] => {
  const i = text.indexOf(at)
  return i < 0 ? [text, ''] : [text.slice(0, i), text.slice(i + 1)]
}

function put(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path
  if (head === undefined) return
  if (rest.length === 0) tree[head] = value
  else {
    const below = (tree[head] ??= {}) as Record<string, unknown>
    put(below, rest, value)
  }
}

function explain(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join('.')
  if (issue.code !== 'unrecognized_keys') return `${where}: ${issue.message}`
  const known = settings().map(({ path }) => path.join('.'))
  return issue.keys
    .map((key) => {
      const full = [...issue.path, key].map(String).join('.')
      const near = closest(full, known)
      return `there is no setting ${full}${near === null ? '' : `, did you mean ${near}?`}`
    })
    .join('; ')
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)

const merge = (below: Tree, above: Tree): Tree => {
  const merged: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key]
    if (value !== undefined) merged[key] = isRecord(under) && isRecord(value) ? merge(under, value) : value
  }
  return merged
}

/** Label names, and names of registries, are the user's own and stay as they are. */
function camelKeys(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => camelKeys(item))
  if (!isRecord(value) || key === 'labels') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const camel = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
      if (key === 'logins') return [name, camelKeys(inner, name)]
      return [camel, camelKeys(inner, camel)]
    }),
  )
}
