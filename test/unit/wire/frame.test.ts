/** Failures between peers: whoever takes one may walk through it, so it is never nested deep. */
import { expect, test } from 'vitest'
import { ClawError, isClawError } from '../../../src/model/failure.ts'
import { decodeFailure, encodeFailure } from '../../../src/wire/frame.ts'
import { CallFailure } from '../../../src/wire/gen/frame.ts'

const nested = (depth: number): string => `{"in":${'['.repeat(depth)}${']'.repeat(depth)}}`

test('a failure arrives as it was', () => {
  const failure = decodeFailure(encodeFailure(new ClawError('INVALID_REQUEST', { problem: 'x' })))
  expect(failure).toMatchObject({ code: 'INVALID_REQUEST', facts: { problem: 'x' } })
})

test('given facts that are nested deep, when a peer sends them, then they are no failure', () => {
  const bytes = CallFailure.encode({ code: 'INVALID_REQUEST', message: 'x', hint: '', facts: nested(20_000) })
  expect(() => decodeFailure(bytes)).toThrow('nested')
})

test('given facts that are nested deep, when we have to send them, then the failure goes without them', () => {
  const deep = JSON.parse(nested(20_000)) as { problem: string }
  expect(isClawError(decodeFailure(encodeFailure(new ClawError('INVALID_REQUEST', deep))))).toBe(true)
})
