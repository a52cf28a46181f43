/** Invocations: one deadline for all who take part, a reply that is neither lost nor made twice, and many nodes at once. */
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { OperationService } from '../../../src/operations/invoke.ts'
import { OperationService as Service } from '../../../src/operations/invoke.ts'
import { meshInvoke } from '../../../src/operations/mesh/mesh-invoke.ts'
import { nodeInvoke } from '../../../src/operations/node/node-invoke.ts'
import type { Operation } from '../../../src/operations/operation.ts'
import { stream, unary } from '../../../src/operations/operation.ts'
import { Replies } from '../../../src/operations/replies.ts'
import { invokeOperation } from '../../../src/wire/operation.ts'
import { ada, bob } from '../../support/control-samples.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'

let mesh: OperationsMesh
let service: OperationService
/** By node: how often work was begun, and of how much of it the signal has ended. */
let begun: string[]
let calledOff: string[]
const { signal } = new AbortController()

/** Answers with something that overflows the stack of whoever packs it. */
const deep = unary({
  name: 'test.deep',
  about: 'Answer deep.',
  input: z.strictObject({}),
  output: z.unknown(),
  permission: { verb: 'read', resource: 'node' },
  handler: (_, { self }) => Promise.resolve(self === ada ? deepAnswer : 'flat'),
})
const nest = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
const nested = nest(20_000)
let deepAnswer: unknown

/** Takes as long as it is told, unless it is called off; then fails as no operation should, or says so much. */
const work = unary({
  name: 'test.work',
  about: 'Take some time.',
  input: z.strictObject({
    ms: z.number(),
    fails: z.string().optional(),
    says: z.int().default(0),
    extra: z.unknown().optional(),
  }),
  output: z.object({ at: z.string(), turn: z.int(), said: z.string().optional() }),
  permission: { verb: 'read', resource: 'node' },
  async handler({ ms, fails, says }, { self, clock, control }, call) {
    begun.push(self)
    const turn = begun.length
    await new Promise((resolve, reject) => {
      clock.after(ms, () => resolve(null))
      call.signal.addEventListener('abort', () => {
        calledOff.push(self)
        reject(call.signal.reason as Error)
      })
    })
    if (fails !== undefined && control.state.members.get(self)?.name === fails) throw new TypeError('a bug')
    return { at: self, turn, ...(says > 0 && { said: 'x'.repeat(says) }) }
  },
})

/** Says so many numbers, or how far it is. */
const count = stream({
  name: 'test.count',
  about: 'Count.',
  input: z.strictObject({ to: z.int(), of: z.enum(['numbers', 'steps']), long: z.int().default(0) }),
  output: z.unknown(),
  permission: { verb: 'read', resource: 'node' },
  async *handler({ to, of, long }) {
    for (let at = 1; at <= to; at += 1)
      yield await Promise.resolve(of === 'numbers' ? `${at}${'x'.repeat(long)}` : { isDone: at === to, at })
  },
})

beforeEach(async () => {
  begun = []
  calledOff = []
  mesh = new OperationsMesh()
  const known = new Map<string, Operation>([work, deep, count, nodeInvoke, meshInvoke].map((one) => [one.name, one]))
  service = new Service(mesh.context(ada), known)
  await service.start()
  await new Service(mesh.context(bob), known).start()
  await mesh.world.runFor(1_000)
})

const ask = (name: string, input: unknown, asking = signal): Promise<unknown> =>
  service.invoke(name, input, { caller: admin, signal: asking })
const run = (name: string, input: unknown): Promise<unknown> => play(mesh.world, ask(name, input))
const onBob = (ms: number, more: object = {}): object => ({
  ...{ node: 'bob', command: 'test.work', params: { ms } },
  ...more,
})

describe('an operation that answers with a stream', () => {
  const counted = (params: object): Promise<unknown> =>
    run('node.invoke', { node: 'bob', command: 'test.count', params })

  test('is answered with all that it says, or with what it says last where it tells how far it is', async () => {
    expect(await counted({ to: 3, of: 'numbers' })).toEqual(['1', '2', '3'])
    expect(await counted({ to: 3, of: 'steps' })).toEqual({ isDone: true, at: 3 })
  })

  test('is refused when it says more than one answer is to hold, or is not there', async () => {
    await expect(counted({ to: 9, of: 'numbers', long: 100_000 })).rejects.toMatchObject({ code: 'TOO_LARGE' })
    const unknown = run('node.invoke', { node: 'bob', command: 'test.nothing', params: {} })
    await expect(unknown).rejects.toMatchObject({ code: 'OPERATION_NOT_FOUND' })
  })
})

describe('deadline', () => {
  test('given work that takes longer, when the deadline is over, then the caller is told and the node stops working', async () => {
    await expect(run('node.invoke', onBob(10_000, { timeoutMs: 500 }))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      facts: { what: expect.stringContaining('test.work') as string, ms: 500 },
    })
    await mesh.world.runFor(1_000)
    expect(calledOff).toEqual([bob])
  })

  test('given a node that has died, the caller waits no longer than it said', async () => {
    const invoked = ask('node.invoke', onBob(2_000, { timeoutMs: 5_000 }))
    await mesh.world.runFor(500)
    mesh.network.crash(bob)
    const before = mesh.world.now()
    await expect(play(mesh.world, invoked)).rejects.toMatchObject({
      kind: expect.stringMatching(/timeout|unavailable/) as string,
    })
    expect(mesh.world.now() - before).toBeLessThanOrEqual(5_050)
  })

  test('given a caller that goes away, the node stops at once', async () => {
    const leaving = new AbortController()
    const invoked = ask('node.invoke', onBob(10_000), leaving.signal).catch(() => 'gone')
    await mesh.world.runFor(500)
    leaving.abort()
    await play(mesh.world, invoked)
    await mesh.world.runFor(500)
    expect(calledOff).toEqual([bob])
  })
})

describe('the same key', () => {
  const keyed = { idempotencyKey: 'once' }

  test('is carried out once, and every repetition gets the first reply', async () => {
    const first = await run('node.invoke', onBob(10, keyed))
    expect(await run('node.invoke', onBob(10, keyed))).toEqual(first)
    expect(begun).toEqual([bob])
    await run('node.invoke', onBob(10, { idempotencyKey: 'another' }))
    expect(begun).toEqual([bob, bob])
  })

  test('given a caller that went away in the middle, the reply is kept for when it comes back', async () => {
    const leaving = new AbortController()
    const lost = ask('node.invoke', onBob(3_000, keyed), leaving.signal).catch(() => 'gone')
    await mesh.world.runFor(500)
    leaving.abort()
    await play(mesh.world, lost)
    await mesh.world.runFor(5_000)
    expect(await run('node.invoke', onBob(3_000, keyed))).toEqual({ at: bob, turn: 1 })
    expect([begun, calledOff]).toEqual([[bob], []])
  })

  test('asked for while it is still being done, joins it', async () => {
    const both = [ask('node.invoke', onBob(2_000, keyed)), ask('node.invoke', onBob(2_000, keyed))]
    const [one, other] = await play(mesh.world, Promise.all(both))
    expect(one).toEqual(other)
    expect(begun).toEqual([bob])
  })

  test('for something else is refused', async () => {
    await run('node.invoke', onBob(10, keyed))
    await expect(run('node.invoke', onBob(11, keyed))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('idempotencyKey') as string,
    })
  })

  test('after a time-out tries again, for nothing was answered', async () => {
    await expect(run('node.invoke', onBob(2_000, { ...keyed, timeoutMs: 500 }))).rejects.toMatchObject({
      kind: 'timeout',
    })
    await mesh.world.runFor(1_000)
    expect(await run('node.invoke', onBob(2_000, keyed))).toEqual({ at: bob, turn: 2 })
  })
})

describe('what is too much', () => {
  test('an answer that does not fit between peers is told as done, and a repetition does it no more', async () => {
    const large = onBob(10, { params: { ms: 10, says: 1_100_000 }, idempotencyKey: 'once' })
    for (const ask of [run, run])
      await expect(ask('node.invoke', large)).rejects.toMatchObject({
        code: 'ANSWER_TOO_LARGE',
        message: expect.stringContaining('was carried out') as string,
      })
    expect(begun).toEqual([bob])
  })

  test('parameters that are nested too deep are refused before anything is done with them', async () => {
    const extra: unknown = JSON.parse(nested)
    for (const node of ['ada', 'bob'])
      await expect(
        run('node.invoke', { node, command: 'test.work', params: { ms: 1, extra }, idempotencyKey: 'deep' }),
      ).rejects.toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringContaining('deep') as string })
    expect(begun).toEqual([])
  })
})

test('given a peer that answers with something nested deep, whoever asked gets a failure', async () => {
  const other = new OperationsMesh()
  const asking = await other.service(ada)
  const { rpc } = other.network.host(bob)
  rpc.serve(invokeOperation, () => Promise.resolve({ output: nested }))
  await other.world.runFor(1_000)
  const invoked = asking.invoke('node.invoke', onBob(10), { caller: admin, signal })
  await expect(play(other.world, invoked)).rejects.toMatchObject({ code: 'INTERNAL' })
})

describe('replies', () => {
  const kept = (replies: Replies, key: string, reply: unknown = key): Promise<unknown> =>
    replies.once(key, 'x', { work: () => Promise.resolve(reply), isFinal: () => true })

  test('are bounded in number, size and age, and the oldest go first', async () => {
    const { world } = mesh
    const clock = { elapsed: () => world.now() }
    const few = new Replies(clock, { entries: 3, bytes: 10_000, age: 60_000 })
    for (const key of ['a', 'b', 'c', 'd']) await kept(few, key)
    expect(few.size).toBeLessThanOrEqual(3)
    expect(await kept(few, 'd', 'new')).toBe('d')
    expect(await kept(few, 'a', 'new')).toBe('new')

    const small = new Replies(clock, { entries: 100, bytes: 1_100, age: 60_000 })
    for (const key of ['a', 'b', 'c']) await kept(small, key, 'x'.repeat(60))
    expect(small.size).toBe(1)

    const brief = new Replies(clock, { entries: 100, bytes: 10_000, age: 60_000 })
    await kept(brief, 'a')
    await world.runFor(61_000)
    expect(await kept(brief, 'a', 'new')).toBe('new')
  })

  test('that are being made are not forgotten; too many of them are refused', () => {
    const replies = new Replies({ elapsed: () => 0 }, { entries: 2, bytes: 10_000, age: 10 })
    const never = (key: string): Promise<unknown> =>
      replies.once(key, 'x', { work: () => new Promise(() => {}), isFinal: () => true })
    void never('a').catch(() => 'never')
    void never('b').catch(() => 'never')
    expect(() => never('c')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }))
  })
})

describe('many nodes', () => {
  const many = (which: object, more: object = {}): object => ({
    ...{ command: 'test.work', params: { ms: 10 } },
    ...which,
    ...more,
  })

  test('answer by name, each with its own reply', async () => {
    expect(await run('mesh.invoke', many({ all: true }))).toMatchObject({
      ...{ command: 'test.work', succeeded: 2, failed: 0 },
      nodes: { ada: { ok: true, payload: { at: ada } }, bob: { ok: true, payload: { at: bob }, error: null } },
    })
    expect(await run('mesh.invoke', many({ nodes: ['bob', 'bob'] }))).toMatchObject({ succeeded: 1 })
    mesh.apply({ type: 'update-member', node: bob, labels: { zone: 'a' } })
    expect(await run('mesh.invoke', many({ labels: { zone: 'a' } }))).toMatchObject({
      nodes: { bob: { ok: true } },
      succeeded: 1,
    })
  })

  test('some of which fail do not keep the others from answering, and all keep to one deadline', async () => {
    mesh.network.crash(bob)
    const before = mesh.world.now()
    expect(await run('mesh.invoke', many({ all: true }, { timeoutMs: 1_000 }))).toMatchObject({
      ...{ succeeded: 1, failed: 1 },
      nodes: { ada: { ok: true }, bob: { ok: false, payload: null, error: { code: expect.any(String) as string } } },
    })
    expect(mesh.world.now() - before).toBeLessThanOrEqual(1_100)
  })

  test('one of which has a bug do not keep the others from answering', async () => {
    expect(await run('mesh.invoke', many({ all: true }, { params: { ms: 10, fails: 'ada' } }))).toMatchObject({
      ...{ succeeded: 1, failed: 1 },
      nodes: { ada: { ok: false, payload: null, error: { code: 'INTERNAL' } }, bob: { ok: true } },
    })
  })

  test.each([
    ['nobody can pack', 20_000],
    ['nobody can be told who takes one peer’s word for another', 126],
  ])('one of which answers with what %s do not keep the others from answering', async (_, depth) => {
    deepAnswer = JSON.parse(nest(depth))
    expect(await run('mesh.invoke', many({ all: true }, { command: 'test.deep', params: {} }))).toMatchObject({
      ...{ succeeded: 1, failed: 1 },
      nodes: { ada: { ok: false, payload: null, error: { code: 'INTERNAL' } }, bob: { ok: true, payload: 'flat' } },
    })
  })

  test('one of which says more than an answer holds has done its work, and says so', async () => {
    const replies = await run('mesh.invoke', many({ nodes: ['bob'] }, { params: { ms: 10, says: 1_100_000 } }))
    expect(replies).toMatchObject({ failed: 1, nodes: { bob: { ok: false, error: { code: 'ANSWER_TOO_LARGE' } } } })
    expect(begun).toEqual([bob])
  })

  test('are chosen in one way, and nothing runs when one of them does not exist', async () => {
    for (const which of [{}, { all: true, nodes: ['ada'] }, { nodes: [] }, { labels: { zone: 'nowhere' } }])
      await expect(run('mesh.invoke', many(which))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(run('mesh.invoke', many({ nodes: ['ada', 'ghost'] }))).rejects.toMatchObject({
      code: 'NODE_NOT_FOUND',
    })
    expect(begun).toEqual([])
  })

  test('invocations do not invoke', async () => {
    for (const command of ['node.invoke', 'mesh.invoke'])
      await expect(run('node.invoke', { node: 'bob', command })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})
