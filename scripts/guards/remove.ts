/**
 * "npm run guards": removes each guard against an attack on the market, in a copy of the tree, and runs the tests that have to fail then. Prints
 * a JSON line for each; ends with 1 when some guard can go without any test failing. "npm run guards -- TEXT" plays those whose attack has
 * that text in it. Nothing in this tree is changed.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { guards } from './all.ts'
import type { Guard } from './guard.ts'

const root = process.cwd()
const copied = ['src', 'test', 'config', 'protocols', 'package.json', 'vitest.config.ts', 'tsconfig.json']

const Report = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).default([]) }),
      ),
    }),
  ),
})

interface Ran {
  /** Tests that have failed, but for those that had too little time: a slow machine is not what misses a guard. */
  readonly failed: number
  /** The name of the first that failed. */
  readonly first: string | null
  /** Some file could not even be loaded, which by itself says nothing of a guard. */
  readonly isBroken: boolean
}

let child: ChildProcess | null = null
const interrupted = new AbortController()

async function run(tree: string, tests: readonly string[]): Promise<Ran> {
  const report = join(tree, 'report.json')
  rmSync(report, { force: true })
  const program = join(root, 'node_modules', '.bin', 'vitest')
  child = spawn(program, ['run', '--reporter=json', `--outputFile=${report}`, ...tests], { cwd: tree, stdio: 'ignore' })
  await once(child, 'exit')
  interrupted.signal.throwIfAborted()
  const { testResults } = Report.parse(JSON.parse(readFileSync(report, 'utf8')))
  const failed = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(
      ({ status, failureMessages }) =>
        status === 'failed' && !failureMessages.some((text) => text.includes('timed out')),
    ),
  )
  const isBroken = testResults.some(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  return { failed: failed.length, first: failed[0]?.fullName ?? null, isBroken }
}

/** Takes it out, and returns what puts it back. Throws for a guard that is not there, or twice. */
function remove(tree: string, { file, guard, without }: Guard): () => void {
  const path = join(tree, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(guard).length !== 2) throw new Error(`${file} does not have exactly one: ${guard}`)
  writeFileSync(
    path,
    text.replace(guard, () => without),
  )
  return () => writeFileSync(path, text)
}

/** Those that nobody has missed. */
async function removeEach(tree: string, chosen: readonly Guard[]): Promise<readonly string[]> {
  const unmissed: string[] = []
  for (const guard of chosen) {
    const putBack = remove(tree, guard)
    const { failed, first, isBroken } = await run(tree, guard.tests)
    putBack()
    if (failed === 0) unmissed.push(guard.attack)
    console.log(JSON.stringify({ attack: guard.attack, guard: guard.file, failed, first, isBroken }))
  }
  return unmissed
}

async function main(wanted: string): Promise<number> {
  const chosen = guards.filter(({ attack }) => attack.toLowerCase().includes(wanted.toLowerCase()))
  if (chosen.length === 0) throw new Error(`no attack has ${wanted} in its name`)
  const tree = mkdtempSync(join(tmpdir(), 'claw-guards-'))
  try {
    for (const name of copied) cpSync(join(root, name), join(tree, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
    const whole = await run(tree, [...new Set(chosen.flatMap(({ tests }) => tests))])
    if (whole.failed > 0 || whole.isBroken)
      throw new Error(`tests fail with all guards in place: ${whole.first ?? 'some cannot be loaded'}`)
    const unmissed = await removeEach(tree, chosen)
    const removed = chosen.length
    console.log(JSON.stringify({ figure: 'guards', removed, missed: removed - unmissed.length, unmissed }))
    return unmissed.length === 0 ? 0 : 1
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interrupted.abort(new Error(`stopped by ${signal}`))
    child?.kill(signal)
  })

try {
  process.exitCode = await main(process.argv.slice(2).join(' '))
} catch (error) {
  console.error(`guards: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = interrupted.signal.aborted ? 130 : 1
}
