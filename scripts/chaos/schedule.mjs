/** Runs schedule.ts. */
import { fileURLToPath } from 'node:url'
import { bundleAndRun } from '../bundle.mjs'

const schedule = fileURLToPath(new URL('schedule.ts', import.meta.url))
process.exitCode = await bundleAndRun(schedule, { folder: 'chaos', args: process.argv.slice(2) })
