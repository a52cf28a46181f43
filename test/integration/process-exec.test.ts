/** A further command beside a process: what it costs to read it, and what becomes of input that it does not want. */
import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { execBeside } from '../../src/adapters/process/exec.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'claw-exec-'))
  await mkdir(join(folder, 'work'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function run(script: string, stdin = false) {
  const place = { folder, env: { PATH: process.env['PATH'] ?? '' }, cgroups: [], onPanic: fail }
  const request = { command: ['sh', '-c', script], workdir: null, env: {}, terminal: null, stdin }
  return execBeside(place, request, new AbortController().signal)
}

const fail = (error: unknown): void => {
  throw error
}

/** What buffers take up that somebody still holds. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().arrayBuffers
}

const mib = 1_048_576

test('given a command that prints a lot and goes on, when it is read, what was read is not kept', async () => {
  const session = await run(`head -c ${100 * mib} /dev/zero; read -r line; exit 4`, true)
  const before = heldBytes()
  let read = 0
  for await (const { data } of session.output) {
    read += data.length
    if (read < 100 * mib) continue
    // What nobody holds is given back in the background.
    await expect.poll(() => heldBytes() - before, { timeout: 10_000 }).toBeLessThan(10 * mib)
    session.endInput()
  }
  expect(await session.exitCode()).toBe(4)
})

test.each([
  ['stops reading, what it does not want is dropped', 'head -c 1 > /dev/null; exit 3'],
  ['reads slowly, nothing is left behind by those who wait', 'cat > /dev/null; exit 3'],
])('given much input for a command that %s', async (_, script) => {
  const session = await run(script, true)
  const warnings: unknown[] = []
  const onWarning = (warning: unknown): void => void warnings.push(warning)
  process.on('warning', onWarning)
  try {
    for (let i = 0; i < 40; i += 1) await session.write(new Uint8Array(mib))
    session.endInput()
    expect(await session.exitCode()).toBe(3)
    expect(warnings).toEqual([])
  } finally {
    process.off('warning', onWarning)
  }
})

test('given a command that has ended before anybody reads, what it printed is still there', async () => {
  const session = await run('echo out; echo err >&2')
  await session.exitCode()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const seen = { stdout: '', stderr: '' }
  for await (const { stream, data } of session.output) seen[stream] += Buffer.from(data).toString()
  expect(seen).toEqual({ stdout: 'out\n', stderr: 'err\n' })
})

test('given what holds the outputs of a command that has ended open, they are let go of after a second', async () => {
  const session = await run('(sleep 30; echo late) & echo out')
  let text = ''
  for await (const { data } of session.output) text += Buffer.from(data).toString()
  expect({ text, exitCode: await session.exitCode() }).toEqual({ text: 'out\n', exitCode: 0 })
})
