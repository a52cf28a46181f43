/** Holds what a file says against a schema, and says in sentences what does not fit and where. */
import type { z } from 'zod'
import { closest } from '../lib/closest.ts'
import type { Problem } from './problem.ts'
import { SpecProblem } from './problem.ts'
import { keysAt } from './schema-walk.ts'
import type { Path, Place, Tree } from './tree.ts'
import { find, pathInWords, pathText, placeOf, plain } from './tree.ts'

/** What people write elsewhere and is not here: a path, in which * is any one key, and why not, in words that follow it. */
export interface Refusal {
  readonly path: string
  readonly why: string
}

/** Of so many unknown keys in one place the nearest valid name is looked for. */
const mostUnknown = 32

type Issue = z.core.$ZodIssue

/** How often numbers are taken for the text that they were written as before the rest is called wrong. */
const mostRounds = 8

/** What the file says, as plain data that the schema takes. Throws SpecProblem with all that is wrong. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  tree: Tree,
  { refusals = [] }: { readonly refusals?: readonly Refusal[] } = {},
): z.input<Schema> {
  const asText = new Set<string>()
  for (let round = 1; ; round += 1) {
    const data = plain(tree, asText)
    const result = schema.safeParse(data)
    if (result.success) return data as z.input<Schema>
    const issues = result.error.issues.flatMap(deepestOf)
    const before = asText.size
    for (const { code, path, ...issue } of issues)
      if (code === 'invalid_type' && 'expected' in issue && issue.expected === 'string')
        if (isBareWord(find(tree, pathOf(path)))) asText.add(pathText(pathOf(path)))
    if (asText.size > before && round < mostRounds) continue
    throw new SpecProblem(...issues.flatMap((issue) => problemsOf(issue, { schema, tree, refusals })))
  }
}

const pathOf = (path: readonly PropertyKey[]): Path => path.map((part) => (typeof part === 'symbol' ? '' : part))

/** `8080` or `true` where text is meant. */
const isBareWord = (tree: Tree | undefined): boolean =>
  tree?.kind === 'scalar' && !tree.isQuoted && tree.value !== null && typeof tree.value !== 'string'

/** Of a value that fits none of several ways, what is wrong with the way that was meant: the one that came furthest. */
function deepestOf(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const meant = issue.errors
    .map((errors) => errors.flatMap(deepestOf))
    .find(
      (errors) =>
        errors.length > 0 && errors.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
    )
  return meant?.map((one) => ({ ...one, path: [...issue.path, ...one.path] })) ?? [issue]
}

interface Around {
  readonly schema: z.ZodType
  readonly tree: Tree
  readonly refusals: readonly Refusal[]
}

function problemsOf(issue: Issue, around: Around): readonly Problem[] {
  const path = pathOf(issue.path)
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, mostUnknown).map((key) => unknownKey(path, key, around))
  const { tree } = around
  const refused = refusalAt(path, around)
  const text = refused ?? `${path.length === 0 ? '' : `${pathInWords(path)}: `}${whatIsWrong(issue, find(tree, path))}`
  return [{ at: placeOf(tree, path), text }]
}

function unknownKey(path: Path, key: string, around: Around): Problem {
  const { schema, tree } = around
  const full = [...path, key]
  const shown = key.slice(0, 64)
  const near = closest(shown, keysAt(schema, path))
  const where = path.length === 0 ? '' : ` in ${pathInWords(path)}`
  const text =
    refusalAt(full, around) ?? `there is no ${shown}${where}${near === null ? '' : `; did you mean ${near}?`}`
  return { at: keyPlace(tree, full), text }
}

const keyPlace = (tree: Tree, full: Path): Place => placeOf(tree, full)

function refusalAt(path: Path, { refusals }: Pick<Around, 'refusals'>): string | null {
  const found = refusals.find(({ path: pattern }) => {
    const parts = pattern.split('.')
    return parts.length === path.length && parts.every((part, index) => part === '*' || part === String(path[index]))
  })
  return found === undefined ? null : `${pathInWords(path)} ${found.why}`
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

function whatIsWrong(issue: Issue, tree: Tree | undefined): string {
  if (tree === undefined) return 'it is missing'
  if (issue.code === 'invalid_type') return `must be ${kinds[issue.expected] ?? issue.expected}, not ${described(tree)}`
  const message = issue.message.replace(/^Invalid (?:input|option|string): /, '').replace(/^./, (c) => c.toLowerCase())
  if (issue.code === 'invalid_union')
    return message === 'invalid input' ? `${described(tree)} does not fit here` : `${message}, not ${described(tree)}`
  return tree?.kind === 'scalar' ? `${described(tree)}: ${message}` : message
}

function described(tree: Tree | undefined): string {
  if (tree === undefined) return 'nothing'
  if (tree.kind !== 'scalar') return tree.kind === 'list' ? 'a list' : 'a map'
  if (tree.value === null) return 'nothing'
  return tree.isQuoted || typeof tree.value === 'string' ? `“${tree.source.slice(0, 64)}”` : tree.source.slice(0, 64)
}
