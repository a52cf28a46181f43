import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBackup } from '../../../../src/core/state/backup.ts'
import { encodeBackup } from '../../../support/backup-file.ts'
import { createState, weighed } from '../../../../src/core/state/state.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { ada, bob, meshOf, submit, token } from '../../../support/control-samples.ts'

const taken = { at: Date.UTC(2026, 0, 2), software: '0.1.0' }

function sample() {
  const book = meshOf([ada, bob])
  book.run(token('t-open'))
  book.run(submit('wl-a', { env: { PASSWORD: 'plain' } }))
  return book.state
}

const problemOf = (bytes: Uint8Array): string => {
  try {
    decodeBackup(bytes)
    return 'none'
  } catch (error) {
    return ClawError.is(error, 'BACKUP_INVALID') ? error.message : `another failure: ${String(error)}`
  }
}

test('given a state, when it is written and read, then all of it is there but what lets anybody in', () => {
  const state = sample()
  const file = encodeBackup(state, taken)
  const { header, state: read } = decodeBackup(file)
  expect(header).toMatchObject({ mesh: 'mesh-0123', name: 'lab', index: state.index, nodes: 2, workloads: 1 })
  expect(header.takenAt).toBe('2026-01-02T00:00:00.000Z')
  expect(read).toEqual({ ...state, tokens: weighed.tokens(), sealedKeys: new Map() })
  const text = Buffer.from(file).toString()
  expect(text).not.toContain('c2VhbGVk')
  expect(text).not.toContain('hash-t-open')
  expect(state.tokens.size).toBeGreaterThan(0)
})

test('a backup with one wrong byte, or cut, or with something behind it, is refused, wherever that is', () => {
  const file = encodeBackup(sample(), taken)
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, isCut) => {
      const hurt = isCut ? file.slice(0, at) : Uint8Array.from(file)
      if (!isCut) hurt[at] = (hurt[at] ?? 0) ^ change
      expect(problemOf(hurt)).toMatch(/^The backup cannot be used/)
    }),
  )
  expect(problemOf(Buffer.concat([file, Buffer.from('x')]))).toMatch(/checksum/)
})

test('what is no backup, or one of another format, is refused with the reason', () => {
  expect(problemOf(Buffer.from('hello'))).toMatch(/does not begin as one/)
  expect(problemOf(new Uint8Array(0))).toMatch(/does not begin as one/)
  expect(problemOf(Buffer.from('{"format":"clawbernetes-backup","version":2}\n'))).toMatch(/format 2/)
})

test('a mesh that has not been founded yet has no backup', () => {
  expect(() => encodeBackup(createState(), taken)).toThrow('still being founded')
})
