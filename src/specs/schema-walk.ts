/** Looks into schemas: what is at a path, and which keys it knows. */
import { z } from 'zod'
import type { Path } from './tree.ts'

export type Schema = z.core.$ZodType

/** Without what only says that it may be left out, or what it is then. */
export function unwrapped(schema: Schema): Schema {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional || schema instanceof z.ZodNullable)
    return unwrapped(schema.unwrap())
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return unwrapped(schema.unwrap())
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in)
  if (schema instanceof z.ZodLazy) return unwrapped(schema.unwrap())
  return schema
}

/** The ways in which a value may be given. */
export function waysOf(schema: Schema): readonly Schema[] {
  const inner = unwrapped(schema)
  return inner instanceof z.ZodUnion ? inner.options.flatMap(waysOf) : [inner]
}

/** One step down: a key of an object, or of a map of one's own names, or an item of a list. */
export function below(schema: Schema, key: string | number): Schema | null {
  for (const way of waysOf(schema)) {
    if (way instanceof z.ZodArray && (typeof key === 'number' || /^\d+$/.test(key))) return way.element
    if (way instanceof z.ZodRecord) return way.valueType
    const inner = way instanceof z.ZodObject ? (way.shape as Readonly<Record<string, Schema>>) : {}
    const found = Object.hasOwn(inner, key) ? inner[key] : undefined
    if (found !== undefined) return found
    // `ports.name` is what each of the ports has.
    const each = way instanceof z.ZodArray && typeof key === 'string' ? below(way.element, key) : null
    if (each !== null) return each
  }
  return null
}

/** What is at a path; null when nothing can be there. */
export function schemaAt(schema: Schema, path: Path): Schema | null {
  const [key, ...rest] = path
  if (key === undefined) return schema
  const next = below(schema, key)
  return next === null ? null : schemaAt(next, rest)
}

/** The keys that are known here, in whichever of the ways it is given. */
export const keysAt = (schema: Schema, path: Path): readonly string[] => {
  const there = schemaAt(schema, path)
  return there === null ? [] : Object.keys(shapeOf(there))
}

/** The keys of all its ways, and what each of them is. */
export const shapeOf = (schema: Schema): Readonly<Record<string, Schema>> =>
  Object.assign(
    {},
    ...waysOf(schema).map((way) => (way instanceof z.ZodObject ? (way.shape as Record<string, Schema>) : {})),
  ) as Record<string, Schema>

/** What it says of itself, wherever it was wrapped. */
export function aboutOf(schema: Schema): string | null {
  const described = z.globalRegistry.get(schema)?.description
  if (described !== undefined) return described
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional || schema instanceof z.ZodNullable)
    return aboutOf(schema.unwrap())
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return aboutOf(schema.unwrap())
  return null
}
