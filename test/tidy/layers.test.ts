/** Imports go one way: from what decides nothing down to what knows nothing of the rest. */
import { expect, test } from 'vitest'
import { homeOf, isLayer, layerOf, layers } from './layers.ts'
import { root, sources, type Import, type Source } from './source.ts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const inside = sources.flatMap((source) =>
  source.imports.flatMap((taken) => (taken.file === null ? [] : [{ source, taken, file: taken.file }])),
)

const at = (source: Source, { line, to }: Import): string => `${source.path}:${line} imports ${to}`

test('every file is in a layer', () => {
  const strays = sources
    .filter(({ path }) => !isLayer(layerOf(path)))
    .map(({ path }) => `${path}: put it in one of ${Object.keys(layers).join(', ')}`)
  expect(strays).toEqual([])
})

test('a layer imports only what is below it', () => {
  const upward = inside.flatMap(({ source, taken, file }) => {
    const [from, to] = [layerOf(source.path), layerOf(file)]
    if (!isLayer(from) || from === to || layers[from].includes(to) || file === 'package.json') return []
    const allowed = layers[from].join(', ') || 'nothing but itself'
    return `${at(source, taken)}: ${from} may import ${allowed}. Take it through a port, pass it in, or move the file.`
  })
  expect(upward).toEqual([])
})

test('an adapter does not import another', () => {
  const across = inside.flatMap(({ source, taken, file }) => {
    if (layerOf(source.path) !== 'adapters' || layerOf(file) !== 'adapters') return []
    if (homeOf(source.path) === homeOf(file)) return []
    return `${at(source, taken)}: adapters do not know each other. Put what they share in lib, or let daemon connect them.`
  })
  expect(across).toEqual([])
})

test('an import names a file that is there, with its ending', () => {
  const missing = inside
    .filter(({ file }) => !existsSync(join(root, file)))
    .map(({ source, taken }) => `${at(source, taken)}: no such file; imports end in .ts`)
  expect(missing).toEqual([])
})

test('src takes nothing from outside of it but its own version', () => {
  const outward = inside
    .filter(({ file }) => !file.startsWith('src/') && file !== 'package.json')
    .map(({ source, taken }) => `${at(source, taken)}: the daemon cannot take its tests or scripts along`)
  expect(outward).toEqual([])
})
