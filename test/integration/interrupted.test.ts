/** What scripts that take hosts up do when somebody interrupts them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { untilAborted } from '../support/until-aborted.ts'

const folder = mkdtempSync(join(tmpdir(), 'claw-interrupted-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a program that is run by a script takes down what it has taken up, and the script waits for it', async () => {
  const program = join(folder, `interrupted-${process.pid}.ts`)
  writeFileSync(
    program,
    `process.once('SIGTERM', () => setTimeout(() => { console.log('taken down'); process.exit(7) }, 200))
     console.log('up')
     setInterval(() => {}, 1_000)`,
  )
  const bundle = join(import.meta.dirname, '../../scripts/bundle.mjs')
  const script = `const { bundleAndRun } = await import(${JSON.stringify(bundle)})
    process.exitCode = await bundleAndRun(${JSON.stringify(program)}, { folder: 'test' })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (data) => (said += String(data)))
  await expect.poll(() => said, { timeout: 20_000 }).toBe('up\n')
  child.kill('SIGTERM')
  const [status] = (await once(child, 'exit')) as [number]
  expect([status, said]).toEqual([7, 'up\ntaken down\n'])
}, 30_000)

test('work that is broken off is not waited for, and what it has taken up is taken down first', async () => {
  const interrupted = new AbortController()
  const done: string[] = []
  const work = untilAborted(
    interrupted.signal,
    () => new Promise<never>(() => done.push('begun')),
    async () => void done.push('down'),
  )
  interrupted.abort(new Error('enough'))
  await expect(work).rejects.toThrow('enough')
  expect(done).toEqual(['begun', 'down'])
})
