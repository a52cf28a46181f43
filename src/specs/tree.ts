/** What a file says, before anything is made of it: maps, lists and scalars, each with the place where it stands. */

export interface Place {
  readonly line: number
  readonly column: number
}

export interface Scalar {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** As it was written, without quotes: `1.10` is not 1.1 where text is meant. */
  readonly source: string
  /** It stands between quotes, or is a block of text. */
  readonly isQuoted: boolean
  readonly at: Place
}

export interface List {
  readonly kind: 'list'
  readonly items: readonly Tree[]
  readonly at: Place
}

export interface Entry {
  /** Where the key stands. */
  readonly at: Place
  readonly value: Tree
}

export interface Mapping {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, Entry>
  readonly at: Place
}

export type Tree = Scalar | List | Mapping
export type Path = readonly (string | number)[]

/** A file nests no deeper than this, and holds no more than so many values, each alias counted as what it stands for. */
export const deepest = 64
export const mostValues = 50_000

/** The value at a path, or undefined. */
export function find(tree: Tree | undefined, path: Path): Tree | undefined {
  const [key, ...rest] = path
  if (tree === undefined || key === undefined) return tree
  if (tree.kind === 'list') return find(tree.items[Number(key)], rest)
  return tree.kind === 'map' ? find(tree.entries.get(String(key))?.value, rest) : undefined
}

/** Where the last part of a path stands that is there: its key, where it has one. */
export function placeOf(tree: Tree, path: Path): Place {
  const [key, ...rest] = path
  if (key === undefined || tree.kind === 'scalar') return tree.at
  if (tree.kind === 'list') {
    const item = tree.items[Number(key)]
    return item === undefined ? tree.at : placeOf(item, rest)
  }
  const entry = tree.entries.get(String(key))
  if (entry === undefined) return tree.at
  const below = rest.length > 0 && find(entry.value, rest.slice(0, 1)) !== undefined
  return below ? placeOf(entry.value, rest) : entry.at
}

/** As plain data. At the paths of `asText`, scalars are given as they were written. */
export function plain(tree: Tree, asText: ReadonlySet<string> = new Set(), path = ''): unknown {
  if (tree.kind === 'scalar') return asText.has(path) ? tree.source : tree.value
  if (tree.kind === 'list') return tree.items.map((item, index) => plain(item, asText, `${path}/${index}`))
  const result: Record<string, unknown> = {}
  for (const [key, { value }] of tree.entries)
    // A key named __proto__ would set the prototype.
    Object.defineProperty(result, key, {
      value: plain(value, asText, `${path}/${key}`),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  return result
}

export const pathText = (path: Path): string => path.map((part) => `/${part}`).join('')
/** `spec.ports[0]`, for people. */
export const pathInWords = (path: Path): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')
