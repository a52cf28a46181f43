import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { connectEngine } from '../../../../src/adapters/docker/engine.ts'
import { engineFailure, isUnreachable } from '../../../../src/adapters/docker/engine-failure.ts'

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  )
const coded = (code: string, syscall: string): Error =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall })

test('an engine is silent where no connection to it can be made, or one is lost', async () => {
  for (const address of ['/nonesuch/docker.sock', 'tcp://127.0.0.1:1', 'tcp://nonesuch.invalid:2375'])
    expect(isUnreachable(await failureOf(connectEngine(address).ping()))).toBe(true)
  for (const [code, syscall] of [
    ['ECONNRESET', 'read'],
    ['EPIPE', 'write'],
    ['ETIMEDOUT', 'read'],
    ['EHOSTUNREACH', 'read'],
  ] as const)
    expect(isUnreachable(coded(code, syscall))).toBe(true)
})

test('it is not blamed for what the disk of this host says', async () => {
  for (const work of [() => readFile('/nonesuch'), () => readFile('/'), () => writeFile('/', '')]) {
    const error = await failureOf(work())
    expect([isUnreachable(error), engineFailure(error)]).toMatchObject([false, { code: 'HOST_UNSUITABLE' }])
  }
  for (const code of ['ENOSPC', 'EIO', 'EMFILE']) expect(isUnreachable(coded(code, 'write'))).toBe(false)
})
