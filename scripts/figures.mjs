/**
 * "npm run figures": what this has to show, as it is measured here and now. Runs the tests that prove it, one after the other, and prints
 * their figures. "npm run figures -- canaries escapes" runs only what is named.
 */
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { environmentFor } from './setup/node.mjs'
import { openLab } from './test/lab.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const shows = {
  authorisation: { what: 'every operation as every role (A6)', files: ['test/unit/operations/authorisation.test.ts'] },
  canaries: {
    what: 'secrets searched for in all that a busy mesh writes and says',
    files: ['test/e2e/secrets.test.ts'],
  },
  escapes: { what: 'ways out of a container (A10)', files: ['test/integration/escape.test.ts'] },
  attacks: { what: 'attacks on the HTTP door (A5)', files: ['test/e2e/api-attack.test.ts'] },
  disks: {
    what: 'full disks, damaged stores, crashes at every write (F8, F9, F10)',
    files: [
      'test/unit/adapters/disk/crash-points.test.ts',
      'test/unit/adapters/audit/crash-points.test.ts',
      'test/e2e/disk-faults.test.ts',
    ],
  },
  schedule: {
    what: 'schedules across deaths of leaders, in virtual time (npm run chaos:schedule: with real daemons, 20 minutes)',
    files: ['test/simulation/schedule.test.ts'],
  },
  audit: {
    what: 'edited, dropped and reordered entries of an audit log',
    files: ['test/unit/core/audit/verify.test.ts', 'test/e2e/audit.test.ts'],
  },
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !Object.hasOwn(shows, name))
if (unknown.length > 0)
  throw new Error(`there is no ${unknown.join(', ')}: name some of ${Object.keys(shows).join(', ')}`)

/** Whether all of its tests passed. */
async function run(files, env) {
  const child = spawn('vitest', ['run', ...files], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const others = []
  for await (const line of createInterface({ input: child.stdout }))
    if (line.startsWith('figure ')) console.log(`  ${line.slice('figure '.length)}`)
    else others.push(line)
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)))
  if (code !== 0) console.log(others.join('\n'))
  return code === 0
}

const tools = environmentFor(process.execPath)
const env = { ...tools, PATH: `${join(root, 'node_modules', '.bin')}:${tools.PATH}`, NO_COLOR: '1' }
const lab = openLab(root)
if (lab.reason !== null) console.log(`without a real engine: ${lab.reason}`)
let failed = 0
try {
  for (const [name, { what, files }] of Object.entries(shows)) {
    if (names.length > 0 && !names.includes(name)) continue
    console.log(`${name}: ${what}`)
    if (!(await run(files, { ...env, ...lab.env }))) failed += 1
  }
} finally {
  lab.stop()
}
process.exitCode = failed === 0 ? 0 : 1
