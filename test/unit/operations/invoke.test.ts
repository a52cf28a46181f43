import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { ClawError } from '../../../src/model/failure.ts'
import { nodeId } from '../../../src/model/ids.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import { OperationService as Service } from '../../../src/operations/invoke.ts'
import type { Operation } from '../../../src/operations/operation.ts'
import { unary } from '../../../src/operations/operation.ts'
import { operations } from '../../../src/operations/registry.ts'
import { attachOperation, followOperation, invokeOperation } from '../../../src/wire/operation.ts'
import { encodeProof } from '../../../src/wire/signed-request.ts'
import { ada, bob } from '../../support/control-samples.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import { admin } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import { signingOperator } from '../../support/signing.ts'
import { twoPeers } from '../../support/two-peers.ts'
import { userWith } from '../../support/user-with.ts'

let mesh: OperationsMesh
let service: OperationService
const { signal } = new AbortController()
const nothing = new Uint8Array(0)

beforeEach(async () => {
  ;({ mesh, service } = await twoPeers())
})

const run = (name: string, input: unknown = {}, role = 'admin'): Promise<unknown> =>
  play(mesh.world, service.invoke(name, input, { caller: userWith(mesh, role), signal }))

test('an operation that nobody knows is refused with the nearest name', async () => {
  await expect(run('workload.lst')).rejects.toMatchObject({
    code: 'OPERATION_NOT_FOUND',
    message: expect.stringContaining('workload.list') as string,
  })
})

test('a key that the input does not know is refused with the nearest key', async () => {
  await expect(run('workload.run', { image: 'busybox', gpuz: 1 })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('did you mean gpus?') as string,
  })
})

test('a viewer may look, an operator may run, only an administrator changes who belongs', async () => {
  await expect(run('status', {}, 'viewer')).resolves.toBeTypeOf('object')
  await expect(run('workload.run', { image: 'busybox' }, 'viewer')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  await expect(run('workload.run', { image: 'busybox' }, 'operator')).resolves.toBeTypeOf('object')
  for (const [name, input] of [
    ['node.remove', { node: 'bob' }],
    ['token.create', {}],
    ['operator.list', {}],
  ] as const)
    await expect(run(name, input, 'operator')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
})

test('an operation for another node runs there', async () => {
  const info = await run('system.info', { node: 'bob' })
  expect(info).toMatchObject({ hostname: 'bob' })
  expect(await run('system.info')).toMatchObject({ hostname: 'ada' })
})

test('a failure on the other node comes back as the same failure', async () => {
  await expect(run('container.inspect', { node: 'bob', name: 'ghost' })).rejects.toMatchObject({
    code: 'WORKLOAD_NOT_FOUND',
    facts: { workload: 'ghost' },
  })
})

test('what a forwarded caller may is read from the state where the operation runs, whatever role comes along', async () => {
  const { rpc } = mesh.network.host(bob)
  const { id } = userWith(mesh, 'viewer')
  const asked = (caller: string, role = 'admin'): Promise<unknown> =>
    play(
      mesh.world,
      rpc.call(
        ada,
        invokeOperation,
        { name: 'token.create', input: '{}', caller, role, request: '', proof: nothing },
        signal,
      ),
    )
  await expect(asked(id)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  await expect(asked('user:ghost')).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  await expect(asked('')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  await expect(asked(userWith(mesh, 'admin').id, 'viewer')).resolves.toHaveProperty('output')
})

test('a key from outside may do nothing until it is an operator, and then everything', async () => {
  const operator = signingOperator(1, mesh.book.state.mesh?.id ?? '', () => mesh.world.now())
  const { rpc } = mesh.network.host(operator.id)
  await mesh.world.runFor(1_000)
  const request = (name: string) => {
    const signed = operator.sign(name, {})
    const wire = { name, input: signed.input, caller: 'root', role: 'admin', request: '' }
    return { ...wire, proof: encodeProof(signed, wire) }
  }
  const attach = (): Promise<unknown> => play(mesh.world, rpc.call(ada, attachOperation, request('status'), signal))
  await expect(attach()).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  const follow = (): Promise<unknown[]> =>
    play(mesh.world, Array.fromAsync(rpc.stream(ada, followOperation, request('events.watch'), signal)))
  await expect(follow()).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  mesh.apply({ type: 'add-operator', key: operator.id, name: 'Bob' })
  await expect(attach()).resolves.toHaveProperty('output')
  expect((await follow()).length).toBeGreaterThan(0)
})

test('whatever the input is, an operation answers or refuses, and never fails otherwise', async () => {
  const all: readonly Operation[] = operations
  const names = all.filter(({ kind }) => kind === 'unary').map(({ name }) => name)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), fc.oneof(fc.jsonValue(), likely), async (name, input) => {
      const outcome = await run(name, input).then(
        () => 'answered',
        (error: unknown) => (error instanceof ClawError ? 'refused' : error),
      )
      expect(['answered', 'refused']).toContain(outcome)
    }),
    { numRuns: 150 },
  )
})

const word = fc.oneof(fc.constantFrom('ada', 'bob', 'ghost', '1h', '-1', '__proto__'), fc.string({ maxLength: 8 }))
const likely = fc.dictionary(
  fc.constantFrom('node', 'workload', 'name', 'image', 'since', 'command', 'params', 'ttl', 'gpus', 'memory', 'labels'),
  fc.oneof(word, fc.nat(5), fc.dictionary(word, word, { maxKeys: 2 })),
)

test('an answer that does not fit its own schema is a bug, not an answer', async () => {
  const broken = unary({
    name: 'status',
    about: 'Break.',
    input: z.strictObject({}),
    output: z.object({ count: z.int() }),
    permission: { verb: 'read', resource: 'mesh' },
    handler: () => Promise.resolve({ count: 0.5 }),
  })
  const faulty = new Service(mesh.context(ada), new Map([['status', broken]]))
  await expect(faulty.invoke('status', {}, { caller: admin, signal })).rejects.not.toBeInstanceOf(ClawError)
})

test('a stream is not answered at once, and an answer is not a stream', async () => {
  await expect(run('events.watch')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  const items = service.open('status', {}, { caller: admin, signal })[Symbol.asyncIterator]()
  await expect(items.next()).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('a node that is gone from the network is told as unreachable', async () => {
  mesh.network.host(nodeId('bob'))
  mesh.network.crash(bob)
  await expect(run('system.info', { node: 'bob' })).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
})
