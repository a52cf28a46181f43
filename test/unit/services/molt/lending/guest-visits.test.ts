import { expect, test } from 'vitest'
import type { Lease } from '../../../../../src/core/molt/market/lease.ts'
import { placementId, workloadId } from '../../../../../src/model/ids.ts'
import type { ExecSession } from '../../../../../src/ports/exec.ts'
import type { Conversation } from '../../../../../src/ports/conversation.ts'
import type { LeaseRunner } from '../../../../../src/services/molt/lending/lease-runner.ts'
import { watchLease } from '../../../../../src/services/molt/lending/lease-watch.ts'
import { leaseExec } from '../../../../../src/services/molt/lending/guest-visits.ts'
import { Changes } from '../../../../../src/services/logs/changes.ts'
import { World } from '../../../../../src/simulation/world.ts'

const never = new AbortController().signal
const placement = placementId(workloadId('wl-1'), 1)
const request = { command: ['sh'], workdir: null, env: {}, stdin: false, terminal: null, agreement: 'a'.repeat(64) }

/** Somebody in the work of a lease, whose command goes on until it is called off, or says nothing at all. */
function visit(begins = true) {
  const world = new World(3)
  const changes = new Changes(world)
  let state: Lease['state'] = 'running'
  let isOff = false
  const until = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        isOff = true
        reject(signal.reason as Error)
      })
    })
  const session = (signal: AbortSignal): ExecSession =>
    ({
      output: (async function* () {
        await until(signal)
      })(),
    }) as unknown as ExecSession
  const told: string[] = []
  async function* nothing(): AsyncGenerator<never> {}
  const side: Conversation = {
    ...{ messages: nothing(), chunks: nothing(), send: async () => undefined },
    tell: async (message) => void told.push(Buffer.from(message).toString()),
  }
  const host = {
    read: () => nothing(),
    exec: (_: unknown, __: unknown, signal: AbortSignal) => (begins ? Promise.resolve(session(signal)) : until(signal)),
  }
  const runner = {
    version: () => changes.version,
    news: (_: string, seen: number, patience: number, signal: AbortSignal) => changes.since(seen, patience, signal),
  } as Pick<LeaseRunner, 'version' | 'news'>
  const watch = watchLease({ runner, store: { get: () => ({ state }) as Lease }, clock: world }, 'key')
  const work = { placement: () => placement } as never
  const ended = leaseExec({ host, work }, { state } as Lease, request, { side, watch, signal: never }).then(
    () => null,
    (error: unknown) => error,
  )
  const become = (next: Lease['state']): void => {
    state = next
    changes.tell()
  }
  return { world, become, ended, told, isOff: () => isOff }
}

const over = Symbol('it goes on')
const sofar = (ended: Promise<unknown>): Promise<unknown> => Promise.race([ended, Promise.resolve(over)])

test.each([true, false])(
  'who is in work that is held still for long is told, whether it had begun (%s)',
  async (begins) => {
    const { world, become, ended, told, isOff } = visit(begins)
    await world.runFor(300_000)
    expect([await sofar(ended), told.length]).toEqual([over, begins ? 1 : 0])
    become('paused')
    await world.runFor(29_000)
    expect(await sofar(ended)).toBe(over)
    await world.runFor(2_000)
    expect(await ended).toMatchObject({ code: 'WORKLOAD_NOT_RUNNING', facts: { state: 'paused' } })
    expect(isOff()).toBe(true)
  },
)

test('who is in work that goes on soon goes on with it, and hears when it is over', async () => {
  const { world, become, ended } = visit()
  for (let i = 0; i < 5; i += 1) {
    become('paused')
    await world.runFor(20_000)
    become('running')
    await world.runFor(20_000)
  }
  expect(await sofar(ended)).toBe(over)
  become('closed')
  await world.runFor(31_000)
  expect(await ended).toMatchObject({ code: 'WORKLOAD_NOT_RUNNING', facts: { state: 'closed' } })
})
