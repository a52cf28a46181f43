/** Puts the fields that a file comes to together into the request of an operation, and has what is wrong with it named where it stands. */
import type { z } from 'zod'
import { isClawError } from '../model/failure.ts'
import { specOf, WorkloadRequest } from '../operations/workload/workload-request.ts'
import type { Refusal } from './check.ts'
import { checked } from './check.ts'
import type { Problem } from './problem.ts'
import { SpecProblem } from './problem.ts'
import type { Path, Tree } from './tree.ts'
import { find, pathInWords, placeOf } from './tree.ts'

/** One field of a request, and where in the file it came from. */
export interface Field {
  readonly name: string
  readonly value: unknown
  readonly from: Path
}

export const field = (name: string, value: unknown, ...from: Path): Field => ({ name, value, from })

/** What a request is checked against besides its schema: throws INVALID_REQUEST. */
type Examine = (request: Readonly<Record<string, unknown>>) => unknown

export const examineWorkload: Examine = (request) => specOf(WorkloadRequest.parse(request))

/** Throws SpecProblem. `tree` is what the paths of the fields lead into; fields without a value are left out. */
export function requestFrom<Schema extends z.ZodObject>(
  fields: readonly Field[],
  tree: Tree,
  { schema, examine }: { readonly schema: Schema; readonly examine: Examine },
): z.input<Schema> {
  const given = fields.filter(({ value }) => value !== undefined)
  const problems = [...repeated(given, tree), ...unknown(given, schema, tree)]
  if (problems.length > 0) throw new SpecProblem(...problems)
  const result = schema.safeParse(requestOf(given))
  if (!result.success) throw new SpecProblem(...result.error.issues.map(({ path, message }) => misfit(path, message)))
  const blamed = blame(given, examine, tree)
  if (blamed !== null) throw new SpecProblem(blamed)
  return requestOf(given) as z.input<Schema>

  function misfit([name = '', ...rest]: readonly PropertyKey[], message: string): Problem {
    const from = given.find((one) => one.name === name)?.from ?? []
    const inner = [...from, ...rest.map((part) => (typeof part === 'number' ? part : String(part)))]
    const exact = find(tree, inner) === undefined ? from : inner
    const text = message.replace(/^Invalid input: /, '').replace(/^./, (letter) => letter.toLowerCase())
    return { at: placeOf(tree, exact), text: `${exact.length === 0 ? String(name) : pathInWords(exact)}: ${text}` }
  }
}

const requestOf = (fields: readonly Field[]): Record<string, unknown> =>
  Object.fromEntries(fields.map(({ name, value }) => [name, value]))

const repeated = (fields: readonly Field[], tree: Tree): readonly Problem[] =>
  fields.flatMap(({ name, from }, index) => {
    const first = fields.find((other) => other.name === name)
    if (first === undefined || first === fields[index]) return []
    return [{ at: placeOf(tree, from), text: `${pathInWords(from)} says again what ${pathInWords(first.from)} says` }]
  })

const unknown = (fields: readonly Field[], { shape }: z.ZodObject, tree: Tree): readonly Problem[] =>
  fields
    .filter(({ name }) => !Object.hasOwn(shape, name))
    .map(({ name, from }) => ({ at: placeOf(tree, from), text: `${pathInWords(from)}: ${name} is not there yet` }))

/** The first field without which the rest would do is the one to name; where there is none, the whole is wrong. */
function blame(fields: readonly Field[], examine: Examine, tree: Tree): Problem | null {
  const text = refusalOf(fields, examine)
  if (text === null) return null
  const culprit = fields.find(
    (one) => one.name !== 'image' && one.name !== 'name' && refusalOf(without(fields, one), examine) !== text,
  )
  return { at: placeOf(tree, culprit?.from ?? []), text }
}

const without = (fields: readonly Field[], one: Field): readonly Field[] => fields.filter((other) => other !== one)

function refusalOf(fields: readonly Field[], examine: Examine): string | null {
  try {
    examine(requestOf(fields))
    return null
  } catch (error) {
    if (!isClawError(error) || error.code !== 'INVALID_REQUEST') throw error
    return (error.facts as { readonly problem: string }).problem
  }
}

/** A file that is the request itself, as `node invoke` takes it: our own names, nothing to translate. Throws SpecProblem. */
export function ownRequest<Schema extends z.ZodObject>(
  tree: Tree,
  around: { readonly schema: Schema; readonly examine: Examine; readonly refusals?: readonly Refusal[] },
): z.input<Schema> {
  const data = checked(around.schema, tree, around)
  const fields = Object.entries(data).map(([name, value]) => field(name, value, name))
  return requestFrom(fields, tree, around)
}
