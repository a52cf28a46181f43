/** Bundles a TypeScript program and runs it, because generated code is more than types. */
import { build } from 'esbuild'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const cache = join(dirname(dirname(fileURLToPath(import.meta.url))), '.cache')

/** Returns its exit status; 1 when a signal ended it. What would interrupt this is handed on: the program may have something to take down. */
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
  const child = spawn(process.execPath, [...nodeFlags, outfile, ...args], { stdio: 'inherit' })
  const handOn = (signal) => void child.kill(signal)
  // Of a terminal the program has it, too.
  const ignore = () => {}
  process.on('SIGTERM', handOn)
  process.on('SIGINT', ignore)
  try {
    const [status] = await once(child, 'exit')
    return status ?? 1
  } finally {
    process.off('SIGTERM', handOn)
    process.off('SIGINT', ignore)
  }
}
