/** Runs molt.ts. */
import { fileURLToPath } from 'node:url'
import { bundleAndRun } from '../bundle.mjs'

const molt = fileURLToPath(new URL('molt.ts', import.meta.url))
process.exitCode = await bundleAndRun(molt, { folder: 'chaos', args: process.argv.slice(2) })
