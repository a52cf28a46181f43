/** Runs the storm of run.ts. */
import { fileURLToPath } from 'node:url'
import { bundleAndRun } from '../bundle.mjs'

const storm = fileURLToPath(new URL('run.ts', import.meta.url))
process.exitCode = await bundleAndRun(storm, { folder: 'chaos', args: process.argv.slice(2) })
