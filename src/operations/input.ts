/** Checks what came in against an operation's schema, and says in one sentence what is wrong with it. */
import type { z } from 'zod'
import { closest } from '../lib/closest.ts'
import { ClawError } from '../model/failure.ts'

type Issue = z.core.$ZodIssue

/** The input as the schema makes it. Throws INVALID_REQUEST, with the nearest valid name for a key that is not known. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [first] = result.error.issues
  throw new ClawError('INVALID_REQUEST', { problem: first === undefined ? 'it does not fit' : sentence(first, schema) })
}

function sentence(issue: Issue, schema: z.ZodType): string {
  const where = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') return unknownKey(issue.keys[0] ?? '', where === '' ? keysOf(schema) : [])
  const what = issue.message.replace(/^Invalid input: /, '').replace(/^./, (letter) => letter.toLowerCase())
  return where === '' ? what : `${where}: ${what}`
}

function unknownKey(key: string, known: readonly string[]): string {
  const shown = key.slice(0, 64)
  const near = closest(shown, known)
  return `there is no ${shown}${near === null ? '' : `; did you mean ${near}?`}`
}

/** The keys that an object schema knows; none for other schemas. */
export function keysOf(schema: z.ZodType): readonly string[] {
  const { shape } = schema as { readonly shape?: Readonly<Record<string, unknown>> }
  return shape === undefined ? [] : Object.keys(shape)
}
