/**
 * What the build is made from, as one fingerprint, so that nothing is built twice and nothing stale is run.
 * Sizes and times instead of contents: it is taken at every start and must not be felt.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const folders = ['src']
const files = ['package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/programs.mjs']

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else yield path
  }
}

/** Changes when a build input is added, removed or written. */
export function buildInputs(root) {
  const hash = createHash('sha256')
  const paths = [
    ...folders.flatMap((folder) => [...filesBelow(join(root, folder))]),
    ...files.map((f) => join(root, f)),
  ]
  for (const path of paths.sort()) {
    const { size, mtimeMs } = statSync(path)
    hash.update(`${path}\0${size}\0${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** Changes when other packages would be installed. */
export function lockedPackages(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

/** A JSON file that says what was done last, or null when there is none to go by. */
export function readStamp(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return null
    throw error
  }
}
