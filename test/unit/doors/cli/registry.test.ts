import { expect, test } from 'vitest'
import { main } from '../../../../src/doors/cli/main.ts'
import { loadCommand, rowFor } from '../../../../src/doors/cli/line/find-row.ts'
import { commands, nouns } from '../../../../src/doors/cli/line/registry.ts'
import { pathsOf } from '../../../../src/doors/cli/line/row.ts'
import { exitCodeOf } from '../../../../src/doors/cli/exit-code.ts'
import { failures } from '../../../../src/model/failures.ts'
import type { FailureCode } from '../../../../src/model/failure.ts'
import { fakeHost } from '../../../support/fake-host.ts'

const { signal } = new AbortController()
const shown = commands.filter(({ hidden }) => hidden !== true)

async function helpOf(...words: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const host = fakeHost()
  const code = await main(words, host, signal)
  return { code, text: host.stdout.text }
}

test('every row is the command that it loads, with one sentence about it', async () => {
  for (const row of commands) {
    const { name, about } = await loadCommand(row)
    expect([name, about]).toEqual([row.path, row.about])
  }
  const paths = commands.flatMap(pathsOf)
  expect(new Set(paths).size).toBe(paths.length)
})

test('every command has a help with at least two examples that it can parse', async () => {
  for (const row of shown) {
    const { examples } = await loadCommand(row)
    expect(examples.length, row.path).toBeGreaterThanOrEqual(2)
    for (const example of examples) expect(rowFor(example.split(' '), commands), example).toBe(row)
    const { code, text } = await helpOf(...row.path.split(' '), '--help')
    expect([row.path, code]).toEqual([row.path, 0])
    for (const example of examples) expect(text).toContain(`clawbernetes ${example}`)
    expect(await helpOf('help', ...row.path.split(' '))).toEqual({ code, text })
  }
})

test('the help of the program names every command once, and no alias', async () => {
  const { text, code } = await helpOf('--help')
  expect(code).toBe(0)
  const words = shown.map(({ path }) => path.split(' ')[0] ?? '')
  for (const word of new Set(words)) expect(text.match(new RegExp(`^  ${word} `, 'gm')), word).toHaveLength(1)
  const noun = await helpOf('workload', '--help')
  expect(noun.text).not.toMatch(/cancel|status/)
  for (const name of Object.keys(nouns)) {
    const [word = '', ...above] = name.split(' ').toReversed()
    const { text: around } = await helpOf(...above.toReversed(), '--help')
    expect(around, name).toContain(`  ${word} `)
  }
})

test('nothing said, the help is shown and the command line counts as wrong', async () => {
  expect(await helpOf()).toMatchObject({ code: 5, text: expect.stringContaining('Usage: clawbernetes') as string })
  expect(await helpOf('node')).toMatchObject({
    code: 5,
    text: expect.stringContaining('Usage: clawbernetes node') as string,
  })
})

test('--version is the version alone', async () => {
  expect(await helpOf('--version')).toEqual({ code: 0, text: '0.1.0\n' })
})

test('every failure has an exit code', () => {
  for (const [code, { kind }] of Object.entries(failures))
    expect(exitCodeOf({ code: code as FailureCode, kind })).toBeGreaterThan(0)
  const some = [
    'ECONNREFUSED',
    'NO_LEADER',
    'AUTH_FAILED',
    'PERMISSION_DENIED',
    'NODE_NOT_FOUND',
    'INVALID_REQUEST',
  ] as const
  expect(some.map((code) => exitCodeOf({ code, kind: failures[code].kind }))).toEqual([2, 2, 3, 3, 4, 5])
})
