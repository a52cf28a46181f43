/** What is installed is what was chosen: exact versions, and a lockfile that belongs to them and names no server. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './source.ts'

type Versions = Readonly<Record<string, string>>

interface Manifest {
  readonly dependencies: Versions
  readonly devDependencies: Versions
  readonly optionalDependencies?: Versions
}

interface Lockfile {
  readonly packages: Readonly<Record<string, Partial<Manifest> & { readonly resolved?: string }>>
}

const read = <T>(file: string): T => JSON.parse(readFileSync(join(root, file), 'utf8')) as T
const manifest = read<Manifest>('package.json')
const { packages } = read<Lockfile>('package-lock.json')

const chosen = ({ dependencies, devDependencies, optionalDependencies }: Partial<Manifest>): Versions => ({
  ...dependencies,
  ...devDependencies,
  ...optionalDependencies,
})

test('every version is exact', () => {
  const loose = Object.entries(chosen(manifest))
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name} ${version}: pin it, npm install --save-exact ${name}`)
  expect(loose).toEqual([])
})

test('the lockfile belongs to package.json', () => {
  expect(chosen(packages[''] ?? {}), 'run npm install and commit package-lock.json with package.json').toEqual(
    chosen(manifest),
  )
  const missing = Object.keys(chosen(manifest)).filter((name) => packages[`node_modules/${name}`] === undefined)
  expect(missing, 'run npm install and commit package-lock.json with package.json').toEqual([])
})

test('the lockfile names no server, so that any mirror will do', () => {
  const bound = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)
  expect(bound.map(([name]) => `${name}: remove "resolved"`)).toEqual([])
})
