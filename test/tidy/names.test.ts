/** A file is named after the one thing it exports; a barrel is named after nothing and ties everything together. */
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow, sources } from './source.ts'

test('there are no barrels', () => {
  const barrels = sources
    .filter(({ path }) => basename(path) === 'index.ts')
    .map(({ path }) => `${path}: import from the files themselves, and delete it`)
  expect(barrels).toEqual([])
})

test('file and folder names are kebab-case', () => {
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?(\.ts)?$/
  const misnamed = [...filesBelow('src'), ...filesBelow('test')]
    .filter((path) => !path.split('/').every((part) => kebab.test(part)))
    .map((path) => `${path}: name it like lease-table.ts`)
  expect(misnamed).toEqual([])
})
