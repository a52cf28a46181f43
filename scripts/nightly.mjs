/**
 * "npm run nightly": the seeds of the simulations that the usual run has no time for, 10,000 from a start of their own every day, in
 * batches. "npm run nightly -- FIRST COUNT" plays those that are named. Then every parser and every operation's input is fuzzed for longer
 * than the usual run has time for.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environmentFor } from './setup/node.mjs'
import { endCurrent, runLimited } from './test/run.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const minute = 60_000
const day = 24 * 60 * minute
const batch = 1_000
/** By day, and clear of those that every run plays. */
const today = (Math.floor(Date.now() / day) % 10_000) * 100_000 + 10_000

const [first = today, count = 10_000] = process.argv.slice(2).map(Number)
if (![first, count].every(Number.isSafeInteger)) throw new Error('give the first seed and how many, as numbers')

const tools = environmentFor(process.execPath)
let interruption = null
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    interruption = signal
    endCurrent(signal)
  })

let failed = 0
for (let from = first; from < first + count && interruption === null; from += batch) {
  const seeds = Math.min(batch, first + count - from)
  console.log(`\n== seeds ${from} to ${from + seeds - 1}`)
  const env = {
    ...tools,
    PATH: `${join(root, 'node_modules', '.bin')}:${tools.PATH}`,
    CLAW_SIM_FIRST: String(from),
    CLAW_SIM_SEEDS: String(seeds),
  }
  const files = [
    'test/simulation/mesh/first-half',
    'test/simulation/mesh/second-half',
    'test/simulation/consensus/core',
  ]
  const args = ['run', '--project', 'simulation', ...files, '-t', 'seeds']
  if (!(await runLimited('vitest', args, { cwd: root, env, limitMs: 60 * minute }))) failed += 1
}
/** Of inputs for each operation, each command and each parser. */
const inputs = { CLAW_FUZZ_RUNS: '3000' }
if (interruption === null) {
  console.log('\n== inputs')
  const env = { ...tools, PATH: `${join(root, 'node_modules', '.bin')}:${tools.PATH}`, ...inputs }
  const args = ['run', '--project', 'unit', 'test/unit/fuzz', '--testTimeout', String(30 * minute)]
  if (!(await runLimited('vitest', args, { cwd: root, env, limitMs: 120 * minute }))) failed += 1
}
console.log(
  `\n${count} seeds from ${first} on, and inputs: ${failed === 0 ? 'nothing found' : `${failed} batches failed`}`,
)
process.exitCode = failed === 0 && interruption === null ? 0 : 1
