/** YAML as trees. The only file that knows the library. Aliases and merges are followed within bounds; tags of one's own are refused. */
import { Composer, isAlias, isMap, isScalar, isSeq, LineCounter, Parser } from 'yaml'
import type { Document, Node, Pair, YAMLMap } from 'yaml'
import { SpecProblem } from './problem.ts'
import { deepest, mostValues } from './tree.ts'
import type { Entry, Place, Tree } from './tree.ts'

/** YAML's writer, in a file with its reader: a bundle keeps the names of a CommonJS package only for static imports. */
export { stringify as yamlOf } from 'yaml'

/** Most documents in a file. */
const mostDocuments = 256

const coreTag = /^tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)$/

interface Measured {
  readonly tree: Tree
  /** How many values it holds, itself included, each alias counted as what it stands for. */
  readonly size: number
  readonly depth: number
}

interface Reading {
  readonly place: (offset: number) => Place
  readonly anchors: Map<string, Measured>
}

/** The documents of a file that hold anything. Throws SpecProblem. */
export function parseYaml(text: string): readonly Tree[] {
  const lines = new LineCounter()
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  const trees: Tree[] = []
  let count = 0
  // Duplicate keys are looked for below: the library compares every key with every other.
  for (const document of new Composer({ uniqueKeys: false, merge: false, version: '1.2' }).compose(tokens)) {
    count += 1
    if (count > mostDocuments)
      throw new SpecProblem({ at: place(document.range[0]), text: `there are more than ${mostDocuments} documents` })
    refuseErrors(document, place)
    const { contents } = document
    if (contents === null || (isScalar(contents) && contents.value === null)) continue
    trees.push(measured(contents, { place, anchors: new Map() }, 1).tree)
  }
  return trees
}

function refuseErrors(
  { errors, warnings }: Pick<Document.Parsed, 'errors' | 'warnings'>,
  place: Reading['place'],
): void {
  const [first, ...others] = [...errors, ...warnings].map(({ pos, message }) => ({
    at: place(pos[0]),
    text: (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, ''),
  }))
  if (first !== undefined) throw new SpecProblem(first, ...others.slice(0, 4))
}

function measured(node: Node, reading: Reading, level: number): Measured {
  const at = reading.place(node.range?.[0] ?? 0)
  if (level > deepest) throw new SpecProblem({ at, text: `it nests deeper than ${deepest} levels` })
  if (isAlias(node)) return aliased(node.source, reading, { at, level })
  const tag = (node as { readonly tag?: string }).tag
  if (tag !== undefined && !coreTag.test(tag)) throw new SpecProblem({ at, text: `the tag ${tag} is not known here` })
  const found = collected(node, reading, { at, level })
  if (found.size > mostValues) throw new SpecProblem({ at, text: `it stands for more than ${mostValues} values` })
  const anchor = (node as { readonly anchor?: string }).anchor
  if (anchor !== undefined) reading.anchors.set(anchor, found)
  return found
}

interface Where {
  readonly at: Place
  readonly level: number
}

/** An anchor is known once all that it names has been read: what names itself is not. */
function aliased(name: string, { anchors }: Reading, { at, level }: Where): Measured {
  const found = anchors.get(name)
  if (found === undefined) throw new SpecProblem({ at, text: `*${name} names nothing that stands before it` })
  if (level + found.depth > deepest) throw new SpecProblem({ at, text: `it nests deeper than ${deepest} levels` })
  return found
}

function collected(node: Node, reading: Reading, { at, level }: Where): Measured {
  if (isMap(node)) return mapOf(node, reading, { at, level })
  if (isSeq(node)) {
    const items = node.items.map((item) => measured(item as Node, reading, level + 1))
    return { tree: { kind: 'list', items: items.map(({ tree }) => tree), at }, ...sum(items) }
  }
  if (!isScalar(node)) throw new SpecProblem({ at, text: 'it is neither a map, nor a list, nor a value' })
  const isQuoted = node.type !== 'PLAIN' && node.value !== null
  const value = node.value as string | number | boolean | null
  const source = isQuoted || node.source === undefined ? String(value ?? '') : node.source
  return { tree: { kind: 'scalar', value, source, isQuoted, at }, size: 1, depth: 1 }
}

const sum = (parts: readonly Measured[]): { readonly size: number; readonly depth: number } => ({
  size: parts.reduce((total, { size }) => total + size, 1),
  depth: 1 + parts.reduce((most, { depth }) => Math.max(most, depth), 0),
})

function mapOf(node: YAMLMap<unknown, unknown>, reading: Reading, { at, level }: Where): Measured {
  const own = new Map<string, Entry>()
  const merged: (readonly [string, Entry])[] = []
  const parts: Measured[] = []
  for (const pair of node.items) {
    const { key, keyAt, isMerge } = keyOf(pair, reading)
    const value = pair.value === null ? nothing(keyAt) : measured(pair.value as Node, reading, level + 1)
    parts.push(value)
    if (isMerge) merged.push(...entriesOf(value.tree))
    else if (own.has(key)) throw new SpecProblem({ at: keyAt, text: `${key} stands here for the second time` })
    else own.set(key, { at: keyAt, value: value.tree })
  }
  for (const [key, entry] of merged) if (!own.has(key)) own.set(key, entry)
  return { tree: { kind: 'map', entries: own, at }, ...sum(parts) }
}

const nothing = (at: Place): Measured => ({
  tree: { kind: 'scalar', value: null, source: '', isQuoted: false, at },
  size: 1,
  depth: 1,
})

function keyOf(
  { key }: Pair<unknown, unknown>,
  { place }: Reading,
): { readonly key: string; readonly keyAt: Place; readonly isMerge: boolean } {
  const keyAt = place((key as Node | null)?.range?.[0] ?? 0)
  if (!isScalar(key) || key.anchor !== undefined)
    throw new SpecProblem({ at: keyAt, text: 'a key must be a plain word' })
  const isPlain = key.type === 'PLAIN'
  return { key: isPlain ? (key.source ?? '') : String(key.value), keyAt, isMerge: isPlain && key.source === '<<' }
}

/** `<<: *one`, or `<<: [*one, *other]`, of which the first that has a key wins. */
function entriesOf(tree: Tree): readonly (readonly [string, Entry])[] {
  const maps = tree.kind === 'list' ? tree.items : [tree]
  return maps.flatMap((map) => {
    if (map.kind !== 'map') throw new SpecProblem({ at: map.at, text: '<< takes maps only' })
    return [...map.entries]
  })
}
