/** Asking the leader whether values are the same: who may, how often, and that it is on record. */
import { beforeEach, expect, test } from 'vitest'
import type { Member } from '../../../../src/model/node.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { Denial } from '../../../../src/ports/audit.ts'
import { VaultDesk } from '../../../../src/services/vault/vault-desk.ts'
import { World } from '../../../../src/simulation/world.ts'
import { compareSecrets } from '../../../../src/wire/vault.ts'
import { ada, bob, cyd, meshOf } from '../../../support/control-samples.ts'

type Handler = (request: object, from: NodeId, signal: AbortSignal) => Promise<{ same: string[] }>

const { signal } = new AbortController()
let world: World
let record: string[]
let ask: (from: NodeId, count: number) => Promise<{ same: string[] }>

beforeEach(() => {
  world = new World(1)
  record = []
  const { state } = meshOf([ada, bob, cyd])
  state.members.set(cyd, { ...(state.members.get(cyd) as Member), roles: ['worker'] })
  let handler: Handler | null = null
  const control = {
    state,
    fresh: () => Promise.resolve(),
    decree: () => Promise.reject(new Error('nothing to decree')),
  }
  const desk = new VaultDesk({
    control: { ...control, lead: () => ({ role: 'leader', leader: ada, term: 1 }) as never },
    rpc: {
      serve(protocol: { id: string }, served: unknown) {
        if (protocol.id === compareSecrets.id) handler = served as Handler
        return () => {}
      },
    } as never,
    clock: world,
    holder: {} as never,
    audit: {
      begin: ({ actor, operation }) => {
        record.push(`${actor} ${operation}`)
        return Promise.resolve((outcome) => Promise.resolve(void record.push(outcome)))
      },
      denied: ({ actor, outcome }: Denial) => void record.push(`${actor} denied ${outcome}`),
    },
  })
  desk.start()
  const values = (count: number) => Array.from({ length: count }, (_, i) => ({ env: `V${i}_KEY`, sealed: 'x' }))
  ask = async (from, count) => {
    if (handler === null) throw new Error('nothing is served')
    return handler({ deployment: 'dp-1', revision: 1, values: values(count) }, from, signal)
  }
})

test('given a member that asks, it is on record how that ended', async () => {
  await expect(ask(bob, 2)).resolves.toEqual({ same: [] })
  expect(record).toEqual(['node:bob vault.compare', 'ok'])
})

test('given a node that only works, or one that nobody knows, it learns nothing', async () => {
  await expect(ask(cyd, 1)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  await expect(ask(nodeId('eve'), 1)).rejects.toMatchObject({ code: 'NOT_A_MEMBER' })
  expect(record).toEqual(['node:cyd denied PERMISSION_DENIED'])
})

test('given a member that guesses, then it finds out no more than one value in ten seconds, and that is on record', async () => {
  await ask(bob, 200)
  await expect(ask(bob, 200)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  await ask(bob, 56)
  await world.runFor(100_000)
  await expect(ask(bob, 11)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  await ask(bob, 10)
  expect(record.filter((line) => line === 'node:bob denied RATE_LIMITED')).toHaveLength(2)
})
