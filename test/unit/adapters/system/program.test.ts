/** Running a program of the host for somebody. */
import { existsSync } from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { runProgram } from '../../../../src/adapters/system/program.ts'
import type { ProgramRequest, ProgramResult } from '../../../../src/ports/program.ts'

const folder = mkdtempSync(join(tmpdir(), 'claw-program-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const shell = (script: string, more: Partial<ProgramRequest> = {}): Promise<ProgramResult> =>
  runProgram({
    ...{ program: '/bin/sh', args: ['-c', script], cwd: folder, env: { PATH: '/usr/bin:/bin', WHO: 'me' } },
    ...{ timeoutMs: 10_000, maxBytes: 1_000, signal: new AbortController().signal },
    ...more,
  })

test('gives its output, its exit code and nothing of the daemon’s environment', async () => {
  const result = await shell('echo $WHO; pwd; env | wc -l; echo no >&2; exit 3')
  expect(result).toMatchObject({ exitCode: 3, stderr: 'no\n', timedOut: false, truncated: false })
  const [who, where, variables] = result.stdout.split('\n')
  expect([who, where]).toEqual(['me', folder])
  expect(Number(variables)).toBeLessThan(8)
})

test('at the end of its time it is killed with what it has started', async () => {
  const witness = join(folder, 'late')
  const result = await shell(`(sleep 1; touch ${witness}) & sleep 30`, { timeoutMs: 200 })
  expect(result).toMatchObject({ exitCode: null, timedOut: true })
  await sleep(1_300)
  expect(existsSync(witness)).toBe(false)
})

test('what it leaves behind with its output open does not keep the caller, and ends too', async () => {
  const witness = join(folder, 'left')
  const result = await shell(`(sleep 2; touch ${witness}) & echo done`)
  expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n', timedOut: false })
  await sleep(2_000)
  expect(existsSync(witness)).toBe(false)
})

test('more output than is kept is cut, and the program goes on to its end', async () => {
  const result = await shell('i=0; while [ $i -lt 1000 ]; do echo 0123456789; i=$((i+1)); done; exit 7')
  expect(result).toMatchObject({ exitCode: 7, truncated: true })
  expect(result.stdout).toHaveLength(1_000)
})

test('one that is called off is killed, and one that cannot be started says why', async () => {
  expect(await shell('sleep 30', { signal: AbortSignal.abort() })).toMatchObject({ exitCode: null, timedOut: false })
  expect(await shell('true', { cwd: '/nowhere/at/all' })).toMatchObject({
    exitCode: null,
    stderr: expect.stringContaining('ENOENT') as string,
  })
})
