/** One library, one folder: what the outside is like is known in one place, and can be replaced there. */
import { isBuiltin } from 'node:module'
import { expect, test } from 'vitest'
import { builtinsOf, homeOf, isLayer, layerOf, libraries } from './layers.ts'
import { sources, type Import, type Source } from './source.ts'

const outside = sources.flatMap((source) =>
  source.imports.filter(({ file }) => file === null).map((taken) => ({ source, taken })),
)

const at = (source: Source, { line, to }: Import): string => `${source.path}:${line} imports ${to}`

/** '@libp2p/tcp/x' belongs to the package '@libp2p/tcp' and to the scope '@libp2p/*'. */
function homesOf(specifier: string): readonly string[] | undefined {
  const [scope = '', name = ''] = specifier.split('/')
  if (!scope.startsWith('@')) return libraries[scope]
  return libraries[`${scope}/${name}`] ?? libraries[`${scope}/*`]
}

test('an outside library is imported by its one folder', () => {
  const astray = outside.flatMap(({ source, taken }) => {
    if (isBuiltin(taken.to)) return []
    const homes = homesOf(taken.to)
    if (homes === undefined) return `${at(source, taken)}: give it one home in test/tidy/layers.ts`
    if (homes.includes(homeOf(source.path)) || homes.includes(layerOf(source.path))) return []
    return `${at(source, taken)}: only ${homes.join(', ')} may. Offer what you need from there, through a port.`
  })
  expect(astray).toEqual([])
})

test('pure layers stay free of Node', () => {
  const impure = outside.flatMap(({ source, taken }) => {
    const layer = layerOf(source.path)
    if (!isBuiltin(taken.to) || !isLayer(layer)) return []
    const allowed = builtinsOf[layer]
    if (allowed === 'any') return []
    const pure = allowed[taken.to] ?? []
    const refused = taken.names.filter((name) => !pure.includes(name))
    if (refused.length === 0 && taken.names.length > 0) return []
    return `${at(source, taken)} (${refused.join(', ')}): ${layer} runs in simulation. Take a port, or put a pure function in lib.`
  })
  expect(impure).toEqual([])
})

test("Node's own modules are imported as node:", () => {
  const bare = outside
    .filter(({ taken }) => isBuiltin(taken.to) && !taken.to.startsWith('node:'))
    .map(({ source, taken }) => `${at(source, taken)}: write node:${taken.to}`)
  expect(bare).toEqual([])
})
