/** Files that import each other in a ring are one file in disguise; type-only and dynamic imports count. */
import { expect, test } from 'vitest'
import { sources } from './source.ts'

/** The groups of files that can all reach each other (Tarjan's algorithm), each with more than one file or a loop. */
function rings(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []

  const enter = (file: string): void => {
    order.set(file, order.size)
    lowest.set(file, order.size - 1)
    stack.push(file)
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) enter(next)
      if (stack.includes(next)) lowest.set(file, Math.min(lowest.get(file) ?? 0, lowest.get(next) ?? 0))
    }
    if (lowest.get(file) !== order.get(file)) return
    const ring = stack.splice(stack.indexOf(file))
    if (ring.length > 1 || graph.get(file)?.includes(file) === true) found.push(ring)
  }

  for (const file of graph.keys()) if (!order.has(file)) enter(file)
  return found
}

test('a ring of three is found, and a diamond is not taken for one', () => {
  const ring = { a: ['b'], b: ['c'], c: ['a'], d: ['a'] }
  const diamond = { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }
  expect(rings(new Map(Object.entries(ring)))).toEqual([['a', 'b', 'c']])
  expect(rings(new Map(Object.entries(diamond)))).toEqual([])
})

test('no files import each other in a ring', () => {
  const graph = new Map(
    sources.map(({ path, imports }) => [path, imports.flatMap(({ file }) => (file === null ? [] : [file]))]),
  )
  const sentences = rings(graph).map(
    (ring) => `${ring.join(' -> ')}: move what they share to a file of its own, below them all`,
  )
  expect(sentences).toEqual([])
})
