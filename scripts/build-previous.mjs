/**
 * Bundles the daemon as it was one state version ago, for the tests of rolling upgrades. It is simulated: the same sources, from which what
 * the newest version added to a command that it had is taken out, so that this build neither knows nor accepts it. It proposes nothing
 * of that version, since the mesh is not at it while this build is a member. The folder is given as the one argument; the program is FOLDER/dist/clawnode.js.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from './programs.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [folder] = process.argv.slice(2)

/** How the simulated build is called. */
const version = '0.0.9-simulated'

/** In which file what stands, and what stood there before. Each must be found exactly once. */
const before = [
  [
    'src/core/state/versions.ts',
    'supported: VersionRange = { oldest: 1, newest: 2 }',
    'supported: VersionRange = { oldest: 1, newest: 1 }',
  ],
  ['src/core/state/entry.ts', ', force: z.boolean(), reason: shape.reason.exactOptional() }', ', force: z.boolean() }'],
  ['src/core/state/workload-schema.ts', '      reason: shape.reason.exactOptional(),\n', ''],
  [
    'src/operations/workload/workload.ts',
    "    reason: z.string().min(1).max(256).optional().describe('Why, for those who look at it later; state version 2'),\n",
    '',
  ],
]

function asItWas(file) {
  let text = readFileSync(join(root, file), 'utf8')
  for (const [, now, then] of before.filter(([path]) => path === file)) {
    if (text.split(now).length !== 2) throw new Error(`${file} does not hold ${JSON.stringify(now)} once`)
    text = text.replace(now, () => then)
  }
  return text
}

const olderSources = {
  name: 'older-sources',
  setup(build) {
    for (const file of new Set(before.map(([path]) => path)))
      build.onLoad({ filter: new RegExp(`${file.replaceAll('.', '\\.')}$`) }, () => ({
        contents: asItWas(file),
        loader: 'ts',
      }))
  },
}

try {
  if (folder === undefined) throw new Error('say into which folder')
  await bundlePrograms(['src/bin/clawnode.ts', 'src/bin/supervise.ts'], join(folder, 'dist'), [olderSources])
  mkdirSync(folder, { recursive: true })
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', name: manifest.name, version }))
} catch (error) {
  console.error(`build-previous: ${error.message}`)
  process.exitCode = 1
}
