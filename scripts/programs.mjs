/** How the programs become bundles: pieces that they share, and what stays outside of them. */
import { build } from 'esbuild'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Each is `src/bin/NAME.ts`. */
export const programs = ['clawnode', 'clawbernetes', 'quickstart', 'supervise', 'sim-worker']

/** Left to be found in node_modules at run time: native addons, and packages that start files of their own as workers. */
const external = ['classic-level', 'cpu-features', 'pino', 'pino-pretty', '*.node']

/** What CommonJS packages expect to be in scope, which a module does not have. */
const banner = `import { createRequire as __createRequire } from 'node:module'
import { dirname as __dirnameOf } from 'node:path'
import { fileURLToPath as __toPath } from 'node:url'
const require = __createRequire(import.meta.url), __filename = __toPath(import.meta.url), __dirname = __dirnameOf(__filename)`

/** Returns what esbuild tells of the outputs. Plugins may change the sources on their way in. */
export async function bundlePrograms(entries, outdir, plugins = []) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.12',
    banner: { js: banner },
    external,
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
    plugins,
  })
  return metafile
}
