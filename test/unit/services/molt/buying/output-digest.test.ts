import { expect, test } from 'vitest'
import { sha256 } from '../../../../../src/lib/sha256.ts'
import { digestOf, mostLines, mostOutput, mostRead } from '../../../../../src/services/molt/buying/output-digest.ts'
import type { LogsItem } from '../../../../../src/wire/molt-lease.ts'

const item = (text: string, kinds: string, note: string | null = null): LogsItem => ({
  ...{ position: 1, text, kinds, positions: '', times: '', note },
})
async function* items(...all: readonly LogsItem[]): AsyncGenerator<LogsItem> {
  yield* all
}

test('the digest is of what goes to standard output, however it is cut into messages', async () => {
  const whole = await digestOf(items(item('one\nno\ntwo\n', 'o1e1o1')))
  expect(whole).toEqual({ ok: true, digest: { sha256: sha256('one\ntwo\n'), bytes: 8 } })
  expect(await digestOf(items(item('one\n', 'o1'), item('words\n', 'e1'), item('two\n', 'o1')))).toEqual(whole)
  expect(await digestOf(items(item('one\ntwo', 'o2')))).toEqual(whole)
  expect(await digestOf(items())).toEqual({ ok: true, digest: { sha256: sha256(''), bytes: 0 } })
})

test('what is not all there, or too much, is not compared', async () => {
  const problemOf = async (...all: readonly LogsItem[]): Promise<string> => {
    const read = await digestOf(items(...all))
    return read.ok ? 'none' : read.problem
  }
  expect(await problemOf(item('', '', 'older lines were dropped'))).toMatch(/older lines were dropped/)
  expect(await problemOf(item('one\ntwo\n', 'o1-o1'))).toMatch(/not all/)
  const line = `${'x'.repeat(1_048_575)}\n`
  expect(await problemOf(...Array.from({ length: 17 }, () => item(line, 'o1')))).toMatch(String(mostOutput))
  const empty = item('\n'.repeat(1_000_000), 'o1000000')
  expect(await problemOf(empty, empty)).toMatch(String(mostLines))
  const errors = item('\n'.repeat(1_000_000), 'e1000000')
  expect(await problemOf(errors, errors)).toMatch(String(mostLines))
  expect(await problemOf(...Array.from({ length: 65 }, () => item(line, 'e1')))).toMatch(String(mostRead))
  expect(await problemOf(...Array.from({ length: 65 }, () => item('', 'o0'.repeat(524_288))))).toMatch(
    String(mostLines),
  )
})
