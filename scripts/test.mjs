/**
 * "npm test": the checks, then the test projects, cheapest first, each with its time; all of them run even when one fails.
 * "npm test -- unit e2e" runs only what is named, "npm test -- checks" only the checks. The last line is the count.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environmentFor } from './setup/node.mjs'
import { add, nothing, readCounts } from './test/counts.mjs'
import { enabling, openLab } from './test/lab.mjs'
import { endCurrent, runLimited } from './test/run.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const minute = 60_000

const checks = [
  { name: 'format', command: ['npm', 'run', '--silent', 'format'] },
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'] },
  { name: 'dead code', command: ['npm', 'run', '--silent', 'dead'] },
  { name: 'types', command: ['npm', 'run', '--silent', 'types'] },
  { name: 'generated code', command: ['npm', 'run', '--silent', 'gen', '--', '--check'] },
  { name: 'build', command: ['node', 'scripts/setup.mjs'] },
]

const projects = [
  { name: 'tidy', limitMs: 2 * minute },
  { name: 'unit', limitMs: 6 * minute },
  { name: 'conformance', limitMs: 5 * minute, usesLab: true },
  { name: 'simulation', limitMs: 8 * minute },
  { name: 'integration', limitMs: 6 * minute, usesLab: true, usesBuild: true },
  { name: 'e2e', limitMs: 40 * minute, usesLab: true, usesBuild: true },
]

/** The run as a whole must end well within an hour, whatever hangs. */
const deadline = Date.now() + 54 * minute
let interruption = null

/** Runs one part, with its name above it and its time below. */
async function part(name, [program, ...args], { env, limitMs }) {
  const begun = Date.now()
  console.log(`\n== ${name}`)
  const left = Math.max(1_000, Math.min(limitMs, deadline - begun))
  const endedWell = await runLimited(program, args, { cwd: root, env, limitMs: left })
  console.log(`== ${name}: ${endedWell ? 'ok' : 'FAILED'}, ${((Date.now() - begun) / 1000).toFixed(1)} s`)
  if (interruption !== null) throw new Error(`stopped by ${interruption}`)
  return endedWell
}

async function check({ name, command }, env) {
  const endedWell = await part(name, command, { env, limitMs: 4 * minute })
  return endedWell ? nothing : { ...nothing, failed: [name] }
}

async function testProject({ name, limitMs }, env, reports) {
  const report = join(reports, `${name}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const endedWell = await part(name, ['vitest', 'run', '--project', name, ...reporters], { env, limitMs })
  return readCounts(report, { endedWell, name, root })
}

/** What the names ask for: everything when there are none. */
function chosen(names) {
  const known = ['checks', ...projects.map(({ name }) => name)]
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}: name some of ${known.join(', ')}`)
  const picked = names.length === 0 ? projects : projects.filter(({ name }) => names.includes(name))
  const wantsAllChecks = names.length === 0 || names.includes('checks')
  const needsBuild = picked.some(({ usesBuild }) => usesBuild)
  return { picked, checks: checks.filter(({ name }) => wantsAllChecks || (needsBuild && name === 'build')) }
}

async function runAll({ picked, checks: first }, reports) {
  const tools = environmentFor(process.execPath)
  const env = { ...tools, PATH: `${join(root, 'node_modules', '.bin')}:${tools.PATH}` }
  let counts = nothing
  for (const entry of first) counts = add(counts, await check(entry, env))

  let lab = null
  try {
    for (const project of picked) {
      if (project.usesLab) lab ??= openLab(root)
      counts = add(counts, await testProject(project, { ...env, ...lab?.env }, reports))
    }
  } finally {
    lab?.stop()
  }
  return { counts, reason: lab?.reason }
}

function report({ counts, reason }, begun) {
  console.log('')
  for (const name of counts.skipped) console.log(`skipped: ${name}`)
  if (counts.skipped.length > 0 && reason)
    console.log(`No real engine for the tests: ${reason}. To have one: ${enabling}`)
  for (const name of counts.failed) console.log(`failed: ${name}`)
  console.log(`${((Date.now() - begun) / 1000).toFixed(0)} s in all`)
  console.log(`${counts.passed} passed, ${counts.failed.length} failed, ${counts.skipped.length} skipped`)
}

async function main() {
  const begun = Date.now()
  const plan = chosen(process.argv.slice(2))
  const reports = join(root, '.cache', `test-${process.pid}`)
  mkdirSync(reports, { recursive: true })
  try {
    const result = await runAll(plan, reports)
    report(result, begun)
    process.exitCode = result.counts.failed.length === 0 ? 0 : 1
  } finally {
    rmSync(reports, { recursive: true, force: true })
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interruption = signal
    endCurrent(signal)
  })
}

try {
  await main()
} catch (error) {
  console.error(`test: ${error.message}`)
  process.exitCode = interruption === null ? 2 : 130
}
