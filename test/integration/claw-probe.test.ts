/** The program for images, where there is a compiler for it: it says what the node works out by itself. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Challenge, seedsOf, workOut } from '../../src/core/molt/market/challenge.ts'
import { nodeId } from '../../src/model/ids.ts'

const hasCompiler = spawnSync('cc', ['--version']).status === 0
const source = join(import.meta.dirname, '..', '..', 'config', 'probe', 'claw-probe.c')

const challenge: Challenge = {
  ...{ network: 'n', verifier: nodeId('ada'), provider: nodeId('bob'), issuedAt: 1, maxAge: 60_000 },
  ...{ nonces: { fill: '1'.repeat(64), walk: '2'.repeat(64) }, lanes: 3, steps: 40 },
}

test.skipIf(!hasCompiler)('given a challenge, then it answers as the node does, and nothing else is one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'claw-probe-'))
  try {
    const program = join(folder, 'claw-probe')
    execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', program, source])
    const ask = (...lines: readonly string[]) =>
      spawnSync(program, { input: `${lines.join('\n')}\n`, encoding: 'utf8' })
    const working = workOut(challenge, () => 0)
    let next = working.next()
    while (next.done !== true) next = working.next()
    const { fill, walk } = seedsOf(challenge)
    const told = ask(`fill ${fill} 3`, `walk ${walk} 40`)
    expect(told.stdout).toBe(`filled 3\nanswer ${next.value.answer}\n`)
    expect(ask('walk ff 3')).toMatchObject({ status: 2, stdout: 'there is no such challenge\n' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
