/**
 * Bundles the programs into dist/. Bundled, the daemon is up in half the time; split, the command line never loads the mesh.
 * A running program keeps working through a build: pieces are named by their content and the last build's stay in place.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePrograms, programs } from './programs.mjs'
import { buildInputs, readStamp } from './setup/inputs.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')

/** The command line must answer at once, so it may reach these only by a dynamic import. */
const heavy = ['libp2p', '@libp2p', 'fastify', 'dockerode', 'level', 'classic-level', 'systeminformation']

const packageOf = (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1]
const isHeavy = (name) => heavy.some((entry) => name === entry || name.startsWith(`${entry}/`))

/** The packages that are loaded as soon as an output is: its own, and those of what it statically imports. */
function loadedAtStart(outputs, start) {
  const seen = new Set()
  const packages = new Set()
  for (const queue = [start]; queue.length > 0;) {
    const path = queue.pop()
    if (seen.has(path)) continue
    seen.add(path)
    for (const input of Object.keys(outputs[path].inputs)) packages.add(packageOf(input) ?? '')
    for (const { path: to, kind, external: outside } of outputs[path].imports) {
      if (kind === 'dynamic-import') continue
      if (outside) packages.add(to)
      else queue.push(to)
    }
  }
  return [...packages].filter((name) => name !== '')
}

function checkCommandLineIsLight({ outputs }) {
  const start = Object.keys(outputs).find((path) => outputs[path].entryPoint === 'src/bin/clawbernetes.ts')
  const found = start === undefined ? [] : loadedAtStart(outputs, start).filter(isHeavy)
  if (found.length === 0) return
  throw new Error(
    `clawbernetes loads ${found.join(', ')} at start: import what needs it with import() where it is used`,
  )
}

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))

/** Moves the new files in, pieces before the programs that load them, then drops what neither this nor the last build uses. */
function publish(from, inputs) {
  const previous = readStamp(join(dist, 'build.json'))?.files ?? []
  const files = filesBelow(from).sort((a, b) => Number(b.includes('/')) - Number(a.includes('/')))
  mkdirSync(join(dist, 'chunks'), { recursive: true })
  for (const file of files) renameSync(join(from, file), join(dist, file))
  writeFileSync(join(from, 'build.json'), `${JSON.stringify({ inputs, files })}\n`)
  renameSync(join(from, 'build.json'), join(dist, 'build.json'))

  const kept = new Set([...files, ...previous, 'build.json'])
  for (const file of filesBelow(dist)) if (!kept.has(file)) rmSync(join(dist, file), { force: true })
}

async function main() {
  const isQuiet = process.argv.includes('--quiet')
  const entries = programs.map((name) => join('src', 'bin', `${name}.ts`))
  const present = entries.filter((entry) => existsSync(join(root, entry)))
  for (const entry of entries) if (!present.includes(entry)) console.log(`build: ${entry} is not there, skipped`)

  const inputs = buildInputs(root)
  const outdir = join(root, `.cache/build-${process.pid}`)
  mkdirSync(outdir, { recursive: true })
  try {
    const metafile = await bundlePrograms(present, outdir)
    checkCommandLineIsLight(metafile)
    publish(outdir, inputs)
  } finally {
    rmSync(outdir, { recursive: true, force: true })
  }
  if (!isQuiet) console.log(`build: ${present.length} programs in dist/`)
}

try {
  await main()
} catch (error) {
  // esbuild has already printed what it found wrong with the sources.
  if (error.errors === undefined) console.error(`build: ${error.message}`)
  process.exitCode = 1
}
