/** Bundles a TypeScript program and runs it, because generated code is more than types. */
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const cache = join(dirname(dirname(fileURLToPath(import.meta.url))), '.cache')

/** Returns its exit status; 1 when a signal ended it. */
export async function bundleAndRun(program, { folder, nodeFlags = [], args = [] }) {
  const outfile = join(cache, folder, `${basename(program, '.ts')}.mjs`)
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'error',
  })
  return spawnSync(process.execPath, [...nodeFlags, outfile, ...args], { stdio: 'inherit' }).status ?? 1
}
