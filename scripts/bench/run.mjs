/** Runs a benchmark: node scripts/bench/run.mjs NAME [arguments]. Bundles it first, because generated code is more than types. */
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const [name, ...rest] = process.argv.slice(2)
if (name === undefined) {
  console.error('bench: name one of the .ts files in scripts/bench, without its ending')
  process.exit(2)
}
const outfile = join(here, '..', '..', '.cache', 'bench', `${name}.mjs`)
await build({
  entryPoints: [join(here, `${name}.ts`)],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'error',
})
const { status } = spawnSync(process.execPath, ['--max-old-space-size=8192', outfile, ...rest], { stdio: 'inherit' })
process.exitCode = status ?? 1
