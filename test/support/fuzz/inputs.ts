/** Inputs made from an operation's own schema: valid ones, ones that are wrong in one place, and garbage. */
import fc from 'fast-check'
import { z } from 'zod'
import { garbage, word } from './garbage.ts'

type Schema = z.core.JSONSchema.JSONSchema

const longestList = 4

/** Mostly what the schema takes; patterns and rules beyond it are tried by words that often fit. */
export function validInput(schema: z.ZodType): fc.Arbitrary<unknown> {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return valueOf(root)
}

/** One third valid, one third valid but for one place, and the rest garbage. */
export function anyInput(schema: z.ZodType): fc.Arbitrary<unknown> {
  const valid = validInput(schema)
  return fc.oneof(
    { weight: 3, arbitrary: valid },
    { weight: 3, arbitrary: fc.tuple(valid, fc.nat(), fc.constantFrom(...breaks), garbage).map(broken) },
    { weight: 1, arbitrary: garbage },
  )
}

function valueOf(schema: Schema | boolean): fc.Arbitrary<unknown> {
  if (typeof schema === 'boolean') return garbage
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom<unknown>(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return fc.oneof(...choices.map(valueOf))
  switch (schema.type) {
    case 'object':
      return objectOf(schema)
    case 'array':
      return listOf(schema)
    case 'string':
      return textOf(schema)
    case 'integer':
    case 'number':
      return numberOf(schema)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case undefined:
      break
  }
  return garbage
}

/** Mostly what exists, where the key says what is meant. */
function named(key: string, otherwise: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const names = meant[key]
  if (names === undefined) return otherwise
  return fc.oneof({ weight: 3, arbitrary: fc.constantFrom<unknown>(...names) }, { weight: 1, arbitrary: otherwise })
}

const meant: Readonly<Record<string, readonly unknown[]>> = {
  node: ['ada', 'bob'],
  nodes: [['bob'], ['ada', 'bob']],
  workload: ['job', 'waiting', 'wl-aaaaaaaaaa'],
  workloadId: ['wl-aaaaaaaaaa'],
  containerId: ['wl-aaaaaaaaaa'],
  deployment: ['web', 'dep-web'],
  name: ['job', 'web', 'lab', 'new'],
  placement: ['wl-aaaaaaaaaa.1'],
  image: ['busybox:1.36', 'team/app:1'],
  attempt: [1],
}

function objectOf({ properties = {}, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
  const model = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, named(key, valueOf(value))]))
  const own = fc.record(model, { requiredKeys: required })
  if (additionalProperties === undefined || additionalProperties === false) return sparse(own, required)
  const further = fc.dictionary(word, valueOf(additionalProperties), { maxKeys: longestList })
  return fc.tuple(own, further).map(([first, more]) => ({ ...more, ...first }))
}

/** Few of the keys that may be left out: with all of them at once, something always contradicts something. */
const sparse = (whole: fc.Arbitrary<Record<string, unknown>>, required: readonly string[]): fc.Arbitrary<unknown> =>
  fc.tuple(whole, fc.nat(99), fc.nat(6)).map(([value, from, many]) => {
    const further = Object.keys(value).filter((key) => !required.includes(key))
    const kept = further.filter((_, i) => (i - from + further.length * 100) % Math.max(1, further.length) < many)
    return Object.fromEntries(Object.entries(value).filter(([key]) => required.includes(key) || kept.includes(key)))
  })

function listOf({ items, prefixItems, minItems = 0, maxItems = longestList }: Schema): fc.Arbitrary<unknown> {
  if (prefixItems !== undefined) return fc.tuple(...prefixItems.map(valueOf))
  const item = items === undefined || Array.isArray(items) ? garbage : valueOf(items)
  const maxLength = Math.max(minItems, Math.min(maxItems, longestList))
  return fc.array(item, { minLength: minItems, maxLength })
}

function textOf({ pattern, minLength = 0, maxLength = 64 }: Schema): fc.Arbitrary<string> {
  const short = Math.max(minLength, Math.min(maxLength, 20))
  const free = fc.oneof(
    { weight: 5, arbitrary: word },
    { weight: 1, arbitrary: fc.string({ minLength, maxLength: short }) },
  )
  return pattern === undefined ? free : fc.oneof(fc.stringMatching(new RegExp(pattern)), word)
}

function numberOf({ type, minimum, maximum, exclusiveMinimum }: Schema): fc.Arbitrary<number> {
  const least = Math.ceil(minimum ?? (typeof exclusiveMinimum === 'number' ? exclusiveMinimum : -1_000))
  const most = Math.floor(Math.max(least, maximum ?? 1e15))
  const small = fc.integer({ min: least, max: Math.max(least, Math.min(most, least + 100)) })
  const whole = fc.oneof(
    small,
    fc.constantFrom(least, most),
    fc.integer({ min: least, max: Math.max(least, Math.min(most, 2 ** 52)) }),
  )
  return type === 'integer' ? whole : fc.oneof(whole, fc.double({ min: least, max: most, noNaN: true }))
}

const breaks = ['replace', 'drop', 'add'] as const

/** The value with one of its places replaced, left out, or given a key that it does not know. */
function broken([value, at, how, put]: [unknown, number, (typeof breaks)[number], unknown]): unknown {
  const whole = copied(value, deepest)
  const places = placesIn(whole)
  const place = places[at % Math.max(1, places.length)]
  if (place === undefined) return put
  const { tree, key } = place
  if (how === 'replace') tree[key] = put
  else if (how === 'drop') delete tree[key]
  else tree[`${key}x`] = put
  return whole
}

interface Place {
  readonly tree: Record<string, unknown>
  readonly key: string
}

/** Places are looked for down to so many levels. */
const deepest = 4

function copied(value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null || levels < 0) return value
  if (Array.isArray(value)) return value.map((item) => copied(item, levels - 1))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copied(inner, levels - 1)]))
}

const placesIn = (value: unknown, depth = 0): readonly Place[] =>
  typeof value !== 'object' || value === null || depth >= deepest
    ? []
    : Object.entries(value).flatMap(([key, inner]) => [
        { tree: value as Record<string, unknown>, key },
        ...placesIn(inner, depth + 1),
      ])
