/** `${NAME}` and its kin in the values of a Compose file, as Compose reads them. */
import { SpecProblem } from './problem.ts'
import type { Place, Scalar, Tree } from './tree.ts'

/** The variables that a file can name: those of the environment, and of the file .env beside it. */
export type Variables = (name: string) => string | undefined

interface Around {
  readonly variables: Variables
  /** A variable that is named and not set. */
  readonly missing: (name: string, at: Place) => void
  readonly at: Place
}

/** Longest text that comes out of one value: variables may hold a lot, and be named many times. */
const longest = 65_536

/** Throws SpecProblem for what cannot be read, and for `${NAME:?message}` that has no value. */
export function interpolated(tree: Tree, variables: Variables, missing: Around['missing']): Tree {
  switch (tree.kind) {
    case 'scalar':
      return typeof tree.value === 'string' && tree.value.includes('$')
        ? retyped(tree, expand(tree.value, { variables, missing, at: tree.at }))
        : tree
    case 'list':
      return { ...tree, items: tree.items.map((item) => interpolated(item, variables, missing)) }
    case 'map':
      return {
        ...tree,
        entries: new Map(
          Array.from(tree.entries, ([key, { at, value }]) => [
            key,
            { at, value: interpolated(value, variables, missing) },
          ]),
        ),
      }
  }
}

/** `replicas: ${N}` is a number once N is one; what stands between quotes stays text. */
function retyped(scalar: Scalar, text: string): Scalar {
  const isNumber = !scalar.isQuoted && /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?$/.test(text)
  const isBoolean = !scalar.isQuoted && /^(?:true|false)$/.test(text)
  const value = isNumber ? Number(text) : isBoolean ? text === 'true' : text
  return { ...scalar, value, source: text }
}

/** The text with its variables put in. */
export function expand(text: string, around: Around, level = 1): string {
  if (level > 8) throw problem(around, 'variables nest too deeply')
  let result = ''
  for (let offset = 0; offset < text.length;) {
    const dollar = text.indexOf('$', offset)
    if (dollar === -1) return bounded(result + text.slice(offset), around)
    const { value, end } = variable(text, dollar, { around, level })
    result = bounded(result + text.slice(offset, dollar) + value, around)
    offset = end
  }
  return result
}

interface Found {
  readonly value: string
  readonly end: number
}

function variable(text: string, dollar: number, { around, level }: { around: Around; level: number }): Found {
  const next = text[dollar + 1]
  if (next === '$') return { value: '$', end: dollar + 2 }
  if (next === '{') {
    const close = closing(text, dollar + 2)
    if (close === -1) throw problem(around, `\${ is never closed in “${text.slice(dollar, dollar + 32)}”`)
    return { value: braced(text.slice(dollar + 2, close), around, level), end: close + 1 }
  }
  const [name] = /^[A-Za-z_][A-Za-z0-9_]*/.exec(text.slice(dollar + 1, dollar + 257)) ?? []
  if (name === undefined) throw problem(around, `write $$ for a dollar sign in “${text.slice(dollar, dollar + 32)}”`)
  return { value: plainly(name, around), end: dollar + 1 + name.length }
}

function closing(text: string, start: number): number {
  let open = 1
  for (let offset = start; offset < text.length; offset += 1) {
    if (text.startsWith('${', offset)) open += 1
    else if (text[offset] === '}') open -= 1
    if (open === 0) return offset
  }
  return -1
}

function braced(inner: string, around: Around, level: number): string {
  const [, name, operator, rest = ''] = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([\s\S]*))?$/.exec(inner) ?? []
  if (name === undefined) throw problem(around, `“\${${inner.slice(0, 32)}}” names no variable`)
  if (operator === undefined) return plainly(name, around)
  const value = around.variables(name)
  const isThere = value !== undefined && (value !== '' || !operator.startsWith(':'))
  const otherwise = (): string => expand(rest, around, level + 1)
  if (operator.endsWith('+')) return isThere ? otherwise() : ''
  if (isThere) return value
  if (operator.endsWith('-')) return otherwise()
  throw problem(around, `${name} is not set${rest === '' ? '' : `: ${otherwise()}`}`)
}

function plainly(name: string, { variables, missing, at }: Around): string {
  const value = variables(name)
  if (value === undefined) missing(name, at)
  return value ?? ''
}

function bounded(text: string, around: Around): string {
  if (text.length > longest) throw problem(around, `its variables make it longer than ${longest} characters`)
  return text
}

const problem = ({ at }: Around, text: string): SpecProblem => new SpecProblem({ at, text })
