/**
 * Turns protocols/*.proto into the codecs in src/wire/gen. With --check it writes nothing and fails when what is there is
 * not what would be generated, so that a format and its code cannot drift apart.
 */
import { generate } from 'protons'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const protocols = join(root, 'protocols')
const target = join(root, 'src', 'wire', 'gen')

const listIfThere = (folder, suffix) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(suffix))
        .sort()
    : []

/** The generated code does not meet our compiler flags (it uses enums and namespaces), so it is taken unchecked. */
const header = (proto) =>
  `// Generated from protocols/${proto} by "npm run gen". Do not edit.\n/* eslint-disable */\n// @ts-nocheck\n`

/** We import by the names files have; protons imports by those they would have after a compilation. */
const withOurImports = (code) => code.replace(/(from '\.\/[^']+)\.js'/g, "$1.ts'")

async function generated(protos) {
  const folder = mkdtempSync(join(tmpdir(), 'gen-wire-'))
  try {
    const files = new Map()
    for (const proto of protos) {
      await generate(join(protocols, proto), { output: folder, path: [protocols], strict: true })
      const name = `${basename(proto, '.proto')}.ts`
      files.set(name, header(proto) + withOurImports(readFileSync(join(folder, name), 'utf8')))
    }
    return files
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const contentOf = (name) => (existsSync(join(target, name)) ? readFileSync(join(target, name), 'utf8') : undefined)

async function main() {
  const files = await generated(listIfThere(protocols, '.proto'))
  const leftOver = listIfThere(target, '.ts').filter((name) => !files.has(name))
  const changed = [...files].filter(([name, code]) => contentOf(name) !== code).map(([name]) => name)

  if (process.argv.includes('--check')) {
    if (changed.length + leftOver.length === 0) return
    throw new Error(`src/wire/gen is stale (${[...changed, ...leftOver].join(', ')}): run "npm run gen" and commit`)
  }
  mkdirSync(target, { recursive: true })
  for (const name of changed) writeFileSync(join(target, name), files.get(name))
  for (const name of leftOver) rmSync(join(target, name))
  console.log(`gen: ${files.size} files, ${changed.length} changed, ${leftOver.length} removed`)
}

try {
  await main()
} catch (error) {
  console.error(`gen: ${error.message}`)
  process.exitCode = 1
}
