/** Runs remove.ts. */
import { fileURLToPath } from 'node:url'
import { bundleAndRun } from '../bundle.mjs'

const remove = fileURLToPath(new URL('remove.ts', import.meta.url))
process.exitCode = await bundleAndRun(remove, { folder: 'guards', args: process.argv.slice(2) })
