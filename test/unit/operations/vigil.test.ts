/** What is open ends soon after the right to it is lost, whichever way it was lost and wherever it runs: ada is asked, bob runs the work. */
import { PassThrough } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { byteStreamOf } from '../../../src/lib/byte-stream.ts'
import { noQuota } from '../../../src/model/namespace.ts'
import type { PlacementId } from '../../../src/model/ids.ts'
import { meshId } from '../../../src/model/ids.ts'
import { WorkloadSpec } from '../../../src/model/workload.ts'
import { callerOf } from '../../../src/operations/caller.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { Caller } from '../../../src/operations/operation.ts'
import type { Conversation } from '../../../src/ports/conversation.ts'
import { converseOperation, followOperation, streamOperation, visitOperation } from '../../../src/wire/operation.ts'
import { encodeProof } from '../../../src/wire/signed-request.ts'
import { ada, bob, submit } from '../../support/control-samples.ts'
import { FakeLog } from '../../support/fake-log.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import { signingOperator } from '../../support/signing.ts'
import { twoPeers } from '../../support/two-peers.ts'
import { userWith } from '../../support/user-with.ts'

let mesh: OperationsMesh
let service: OperationService
let placement: PlacementId
const never = new AbortController().signal
let log: FakeLog
/** What a connection leads to, where nothing is said and an end is not answered by one. */
let remote: PassThrough

function namespace(name: string): void {
  mesh.apply({ type: 'create-namespace', name, quota: noQuota, weight: 1, borrow: false })
}

beforeEach(async () => {
  ;({ mesh, service } = await twoPeers())
  namespace('team')
  mesh.apply(submit('wl-a', { namespace: 'team' }, 'job'))
  const workload = mesh.idOf('job')
  placement = mesh.running(workload, bob)
  log = new FakeLog()
  mesh.logs.set(placement, log)
  const spec = WorkloadSpec.parse({ image: 'x', command: ['sleep', '1000'] })
  const ids = { placement, workload, attempt: 1, term: 1, mesh: meshId('mesh-1'), node: bob, name: 'job' }
  await mesh.executor.start({ ...ids, spec, env: {}, devices: [] }, never)
  remote = new PassThrough()
  mesh.dial = () => ({ ...byteStreamOf(remote), end() {} })
})

const dana = (): Caller => userWith(mesh, 'admin', 'team')

function keyOf(user: string, lifetime = 3_600_000): Caller {
  const id = 'ak_aaaabbbbcccc'
  const key = {
    ...{ id, name: 'ci', user, hash: 'ab'.repeat(32), namespace: null, lifetime },
    ...{ scopes: [{ verbs: ['*'], resources: ['*'], namespaces: ['*'] }], expiresAt: mesh.world.now() + lifetime },
  }
  mesh.apply({ type: 'create-apikey', key })
  return callerOf({ kind: 'apikey', key: id })
}

/** How it ends, and after how long. */
async function endOf(open: Promise<unknown>): Promise<{ readonly code: string; readonly after: number }> {
  const began = mesh.world.now()
  const code = await play(
    mesh.world,
    open.then(
      () => 'it ended by itself',
      (error: unknown) => (error as { readonly code?: string }).code ?? String(error),
    ),
    5_000,
  )
  return { code, after: mesh.world.now() - began }
}

const drain = async (items: AsyncIterable<unknown>): Promise<void> => {
  for await (const item of items) expect(item).toBeDefined()
}
const drainBoth = async ({ messages, chunks }: Conversation): Promise<void> => {
  await Promise.all([drain(messages), drain(chunks)])
}

const streams = {
  'output that is followed': ['workload.logs', { workload: 'job', follow: true }],
  'an end that is waited for': ['workload.wait', { workload: 'job' }],
  'output of several that is followed': ['log.read', { workloads: ['job'], follow: true }],
  events: ['events.watch', { follow: true }],
} as const
const conversations = {
  'a command': ['workload.exec', { workload: 'job', command: ['sleep', '1000'] }],
  'a connection': ['workload.connect', { workload: 'job', port: 80 }],
} as const

const losses: Readonly<Record<string, { readonly caller: () => Caller; lose(): void; readonly code: string }>> = {
  'the role is taken away': {
    caller: dana,
    lose: () => mesh.apply({ type: 'unbind-role', user: 'admin-team', binding: { role: 'admin', namespace: 'team' } }),
    code: 'PERMISSION_DENIED',
  },
  'the user is disabled': {
    caller: dana,
    lose: () => mesh.apply({ type: 'set-user', name: 'admin-team', disabled: true }),
    code: 'AUTH_FAILED',
  },
  'the user is removed': {
    caller: dana,
    lose: () => mesh.apply({ type: 'remove-user', name: 'admin-team' }),
    code: 'AUTH_FAILED',
  },
  'the API key is revoked': {
    caller: () => keyOf(dana().id.slice('user:'.length)),
    lose: () => mesh.apply({ type: 'revoke-apikey', id: 'ak_aaaabbbbcccc' }),
    code: 'AUTH_FAILED',
  },
  'the owner of the API key loses the role': {
    caller: () => keyOf(dana().id.slice('user:'.length)),
    lose: () => mesh.apply({ type: 'unbind-role', user: 'admin-team', binding: { role: 'admin', namespace: 'team' } }),
    code: 'PERMISSION_DENIED',
  },
  'the API key expires': {
    caller: () => keyOf(dana().id.slice('user:'.length), 3_000),
    lose: () => {},
    code: 'AUTH_FAILED',
  },
}

describe.each(Object.entries(losses))('when %s', (_, { caller, lose, code }) => {
  /** An expiry is up to three seconds away. */
  const soon = lose.toString().includes('apply') ? 1_000 : 4_000

  test.each(Object.entries(streams))('%s ends within a second', async (_what, [name, input]) => {
    const open = drain(service.open(name, input, { caller: caller(), signal: never }))
    open.catch(() => 'looked at below')
    await mesh.world.runFor(1_500)
    lose()
    const end = await endOf(open)
    expect(end.code).toBe(code)
    expect(end.after).toBeLessThanOrEqual(soon)
  })

  test.each(Object.entries(conversations))('%s ends within a second', async (_what, [name, input]) => {
    const talk = await play(mesh.world, service.converse(name, input, { caller: caller(), signal: never }))
    const open = drainBoth(talk)
    open.catch(() => 'looked at below')
    await mesh.world.runFor(1_500)
    lose()
    const end = await endOf(open)
    expect(end.code).toBe(code)
    expect(end.after).toBeLessThanOrEqual(soon)
    await mesh.world.runFor(100)
    expect(remote.destroyed).toBe(name === 'workload.connect')
  })
})

test('the node that runs it looks by itself, whatever the peer on the way does', async () => {
  const wire = { caller: dana().id, role: 'admin', request: '', proof: new Uint8Array() }
  const request = { ...wire, name: 'events.watch', input: '{"follow":true}' }
  const open = drain(mesh.network.host(ada).rpc.stream(bob, streamOperation, request, never))
  open.catch(() => 'looked at below')
  await mesh.world.runFor(1_000)
  mesh.apply({ type: 'unbind-role', user: 'admin-team', binding: { role: 'admin', namespace: 'team' } })
  expect(await endOf(open)).toMatchObject({ code: 'PERMISSION_DENIED' })
})

test('it closes a connection towards the work as well', async () => {
  const input = JSON.stringify({ workload: 'job', port: 80 })
  const request = {
    caller: dana().id,
    role: 'admin',
    request: '',
    proof: new Uint8Array(),
    name: 'workload.connect',
    input,
  }
  const { rpc } = mesh.network.host(ada)
  const open = drainBoth(await play(mesh.world, rpc.converse(bob, converseOperation, request, never)))
  open.catch(() => 'looked at below')
  await mesh.world.runFor(1_000)
  mesh.apply({ type: 'unbind-role', user: 'admin-team', binding: { role: 'admin', namespace: 'team' } })
  expect(await endOf(open)).toMatchObject({ code: 'PERMISSION_DENIED' })
  expect(remote.destroyed).toBe(true)
})

describe('an operator who has attached', () => {
  const attached = async (name: string, input: object) => {
    const operator = signingOperator(1, mesh.book.state.mesh?.id ?? '', () => mesh.world.now())
    mesh.apply({ type: 'add-operator', key: operator.id, name: 'alice' })
    const { rpc } = mesh.network.host(operator.id)
    await mesh.world.runFor(1_000)
    const signed = operator.sign(name, input)
    const wire = { name, input: signed.input, caller: operator.id, role: 'admin', request: '' }
    return { rpc, operator, wire: { ...wire, proof: encodeProof(signed, wire) } }
  }

  test('is cut off when the key is removed: streams', async () => {
    const { rpc, operator, wire } = await attached('events.watch', { follow: true })
    const open = drain(rpc.stream(ada, followOperation, wire, never))
    open.catch(() => 'looked at below')
    await mesh.world.runFor(1_500)
    mesh.apply({ type: 'remove-operator', key: operator.id })
    const end = await endOf(open)
    expect(end.code).toBe('AUTH_FAILED')
    expect(end.after).toBeLessThanOrEqual(1_100)
  })

  test('is cut off when the key is removed: conversations', async () => {
    const { rpc, operator, wire } = await attached('workload.exec', { workload: 'job', command: ['sleep', '1000'] })
    const talk = await play(mesh.world, rpc.converse(ada, visitOperation, wire, never))
    const open = drainBoth(talk)
    open.catch(() => 'looked at below')
    await mesh.world.runFor(1_500)
    mesh.apply({ type: 'remove-operator', key: operator.id })
    const end = await endOf(open)
    expect(end.code).toBe('AUTH_FAILED')
    expect(end.after).toBeLessThanOrEqual(1_100)
  })
})

describe('what goes on with fewer rights', () => {
  test('shows no more than they allow: of two namespaces one is left', async () => {
    namespace('other')
    const caller = dana()
    mesh.apply({ type: 'bind-role', user: 'admin-team', binding: { role: 'viewer', namespace: 'other' } })
    const seen: string[] = []
    const watch = async (): Promise<void> => {
      const items = service.open('events.watch', { follow: true }, { caller, signal: never })
      for await (const item of items) seen.push((item as { readonly workload: string | null }).workload ?? '')
    }
    watch().catch(() => 'the test is over')
    await mesh.world.runFor(1_000)
    mesh.apply(submit('wl-b', { namespace: 'other' }, 'before'))
    await mesh.world.runFor(1_000)
    mesh.apply({ type: 'unbind-role', user: 'admin-team', binding: { role: 'viewer', namespace: 'other' } })
    await mesh.world.runFor(1_000)
    mesh.apply(submit('wl-c', { namespace: 'other' }, 'after'))
    mesh.apply(submit('wl-d', { namespace: 'team' }, 'own'))
    await mesh.world.runFor(2_000)
    expect(new Set(seen)).toEqual(new Set([mesh.idOf('before'), mesh.idOf('own')]))
  })

  test('does not go on where it looked at everything', async () => {
    const caller = userWith(mesh, 'admin')
    const user = 'admin-everywhere'
    mesh.apply({ type: 'bind-role', user, binding: { role: 'viewer', namespace: 'team' } })
    const open = drain(service.open('events.watch', { follow: true }, { caller, signal: never }))
    open.catch(() => 'looked at below')
    await mesh.world.runFor(1_000)
    mesh.apply({ type: 'unbind-role', user, binding: { role: 'admin', namespace: null } })
    expect(await endOf(open)).toMatchObject({ code: 'PERMISSION_DENIED' })
  })

  test('goes on where they still allow it, and with more', async () => {
    const caller = dana()
    const open = drain(service.open('workload.logs', { workload: 'job', follow: true }, { caller, signal: never }))
    open.catch(() => 'looked at below')
    await mesh.world.runFor(1_000)
    mesh.apply({ type: 'bind-role', user: 'admin-team', binding: { role: 'viewer', namespace: 'team' } })
    mesh.apply({ type: 'unbind-role', user: 'admin-team', binding: { role: 'admin', namespace: 'team' } })
    await mesh.world.runFor(3_000)
    log.end()
    mesh.ended(placement, bob)
    expect(await endOf(open)).toMatchObject({ code: 'it ended by itself' })
  })
})

test('one who takes the own right away hears that it is done', async () => {
  const caller = dana()
  const key = keyOf('admin-team')
  const revoked = await play(
    mesh.world,
    service.invoke('apikey.revoke', { key: 'ak_aaaabbbbcccc' }, { caller, signal: never }),
  )
  expect(revoked).toBeDefined()
  await expect(
    play(mesh.world, service.invoke('auth.whoami', {}, { caller: key, signal: never })),
  ).rejects.toMatchObject({
    code: 'AUTH_FAILED',
  })
})
