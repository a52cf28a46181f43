/** TOML as a tree. */
import { readToml, TomlProblem } from '../config/toml.ts'
import { SpecProblem } from './problem.ts'
import type { Spot } from './toml-places.ts'
import { tomlPlaces } from './toml-places.ts'
import { deepest, mostValues } from './tree.ts'
import type { Entry, Scalar, Tree } from './tree.ts'

/** Throws SpecProblem. */
export function parseToml(text: string): Tree {
  const value = read(text)
  const count = { left: mostValues }
  return treeAt(value, { path: '', level: 1, spots: tomlPlaces(text), count })
}

function read(text: string): unknown {
  try {
    return readToml(text)
  } catch (error) {
    if (!(error instanceof TomlProblem)) throw error
    const { line, column, message } = error
    throw new SpecProblem({ at: { line, column }, text: message.replace(/^Invalid TOML document: /, 'no TOML: ') })
  }
}

interface Walk {
  readonly path: string
  readonly level: number
  readonly spots: ReadonlyMap<string, Spot>
  readonly count: { left: number }
}

function treeAt(value: unknown, walk: Walk): Tree {
  const { path, level, spots, count } = walk
  const spot = spots.get(path)
  const at = spot?.key ?? { line: 1, column: 1 }
  count.left -= 1
  if (count.left < 0) throw new SpecProblem({ at, text: `it holds more than ${mostValues} values` })
  if (level > deepest) throw new SpecProblem({ at, text: `it nests deeper than ${deepest} levels` })
  const below = (key: string | number): Walk => ({ ...walk, path: `${path}/${key}`, level: level + 1 })
  if (Array.isArray(value))
    return { kind: 'list', items: value.map((item: unknown, index) => treeAt(item, below(index))), at }
  if (typeof value !== 'object' || value === null || value instanceof Date) return scalarOf(value, spot?.bare, at)
  const entries = Object.entries(value).map(([key, inner]): readonly [string, Entry] => {
    const tree = treeAt(inner, below(key))
    return [key, { at: spots.get(`${path}/${key}`)?.key ?? at, value: tree }]
  })
  return { kind: 'map', entries: new Map(entries), at }
}

/** No setting of ours is a moment: dates are taken as the text that they are written as. */
function scalarOf(value: unknown, bare: string | null | undefined, at: Scalar['at']): Scalar {
  const source = bare ?? String(value)
  if (typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'scalar', value, source, isQuoted: false, at }
  return { kind: 'scalar', value: value instanceof Date ? source : String(value), source, isQuoted: true, at }
}
