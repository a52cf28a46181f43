import { beforeEach, describe, expect, test } from 'vitest'
import { newIdentity } from '../../../src/adapters/keys/identity.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { InputOf, OutputOf, UnaryName } from '../../../src/operations/registry.ts'
import { nodeId } from '../../../src/model/ids.ts'
import type { BuyingPreferences } from '../../../src/model/molt-preferences.ts'
import type { JobRequest, Wish } from '../../../src/services/molt/buying/buying.ts'
import { BuyingDoor, type BuyingView } from '../../../src/services/molt/buying/buying-door.ts'
import type { LocalImage } from '../../../src/services/images/types.ts'
import { ada } from '../../support/control-samples.ts'
import { nothingKept } from '../../support/no-volumes.ts'
import { admin, OperationsMesh } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'

const { signal } = new AbortController()
const digest = `sha256:${'d'.repeat(64)}`
const stop = new Error('that is enough to see what was asked for')
let mesh: OperationsMesh
let service: OperationService
let door: BuyingDoor
let quoted: Wish[]
let submitted: JobRequest[]
let stored: LocalImage | null
let isPart: boolean

beforeEach(async () => {
  ;[quoted, submitted, stored, isPart] = [[], [], null, true]
  mesh = new OperationsMesh([ada])
  const files = new Map<string, Uint8Array>()
  door = new BuyingDoor({
    readBlob: async (name) => files.get(name) ?? null,
    writeBlob: async (name, bytes) => void files.set(name, bytes),
  })
  const buyer = {
    quote: async (wish: Wish) => (quoted.push(wish), Promise.reject(stop)),
    submit: async (request: JobRequest) => (submitted.push(request), Promise.reject(stop)),
  }
  door.show({ network: {}, offers: async () => [], service: buyer } as unknown as BuyingView)
  mesh.molts.set(ada, {
    ...nothingKept.molt,
    status: () => ({ ...nothingKept.molt.status(), part: isPart ? { mode: 'buy-only', since: 1 } : null }),
  })
  mesh.images.set(ada, { find: async () => stored } as never)
  mesh.trades.set(ada, { buying: door })
  service = await mesh.service(ada)
})

const run = <Name extends UnaryName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> =>
  play(mesh.world, service.invoke(name, input, { caller: admin, signal })) as Promise<OutputOf<Name>>
const asked = { duration: '10m', maxPrice: '1.5 MOLT' }
const [friend, judge] = [newIdentity().id, newIdentity().id]

describe('what is asked of strangers', () => {
  test('is an image by its digest: as it was given, or as the node has it from its registry', async () => {
    await expect(run('molt.quote', { ...asked, image: `busybox@${digest}` })).rejects.toThrow(stop)
    stored = { digests: [`other@${digest}`, `busybox@${digest}`] } as unknown as LocalImage
    await expect(run('molt.quote', { ...asked, image: 'busybox:1' })).rejects.toThrow(stop)
    const image = { name: 'docker.io/library/busybox', digest }
    expect(quoted).toMatchObject([{ image, duration: 600_000, maxTotal: 1_500_000n, model: null }, { image }])
  })

  test('is refused for an image of which nobody knows the digest, and says what to do', async () => {
    await expect(run('molt.quote', { ...asked, image: 'busybox:1' })).rejects.toThrow(/NAME@sha256/)
    expect(quoted).toEqual([])
  })

  test('takes from the preferences of the node what it does not say itself', async () => {
    const preferences: BuyingPreferences = {
      ...{ minReputation: 40, isolation: ['runc'], prefer: [friend], arbiters: [judge] },
    }
    await run('moltbuying.set', { preferences })
    const image = `busybox@${digest}`
    await expect(run('molt.quote', { ...asked, image })).rejects.toThrow(stop)
    await expect(run('molt.quote', { ...asked, image, minReputation: 0, isolation: ['kata'] })).rejects.toThrow(stop)
    expect(quoted).toMatchObject([
      { minReputation: 40, isolation: ['runc'], preferred: [friend], arbiters: [judge] },
      { minReputation: 0, isolation: ['kata'] },
    ])
  })

  test('has half of its price for each run where it is to be run twice', async () => {
    const twice = { ...asked, image: `busybox@${digest}`, verify: 're-execution', minVerification: 'probed' } as const
    await expect(run('molt.quote', twice)).rejects.toThrow(stop)
    await expect(run('molt.request', twice)).rejects.toThrow(stop)
    expect(quoted).toMatchObject([{ maxTotal: 750_000n, minVerification: 'probed' }])
    expect(submitted).toMatchObject([{ wish: { maxTotal: 750_000n }, reExecution: { budget: 1_500_000n } }])
  })

  test('is run as it was said, and is called by its image where it has no name', async () => {
    const request = {
      ...asked,
      image: `team/app@${digest}`,
      command: ['run'],
      env: { KEY: 'v' },
      memory: '2Gi',
      quote: 'q',
    }
    await expect(run('molt.request', request)).rejects.toThrow(stop)
    expect(submitted).toMatchObject([
      { name: 'app', quote: 'q', work: { image: `docker.io/team/app@${digest}`, command: ['run'], memoryMib: 2_048 } },
    ])
  })

  test('is asked by no node that takes no part', async () => {
    isPart = false
    await expect(run('molt.market', {})).rejects.toMatchObject({ code: 'MOLT_NOT_CONNECTED' })
  })
})

describe('whom a node names', () => {
  test.each(['prefer', 'arbiters'] as const)(
    'as %s has a key: a typing error is refused, and nothing is set',
    async (key) => {
      const preferences = { maxSpendPerJob: '5', [key]: [friend, nodeId('foo')] }
      await expect(run('moltbuying.set', { preferences })).rejects.toThrow('foo is no market id')
      expect((await run('moltbuying.show', {})).preferences).toEqual({})
    },
  )
})

describe('what a node may spend', () => {
  test('is kept, counts at once, and what is not said stays as it is', async () => {
    expect(door.limits()).toEqual({ job: 0n, hour: 0n, day: 0n })
    await run('moltbuying.set', { preferences: { maxSpendPerJob: '5' } })
    const set = await run('moltbuying.set', { preferences: { maxSpendPerDay: '9' } })
    expect(set.limits).toMatchObject({ job: { micro: '5000000' }, day: { micro: '9000000' } })
    expect(door.limits()).toMatchObject({ job: 5_000_000n, day: 9_000_000n })
  })

  test('changed by two at once is what both have said', async () => {
    await Promise.all([
      run('moltbuying.set', { preferences: { maxSpendPerJob: '5' } }),
      run('moltbuying.set', { preferences: { maxSpendPerDay: '9' } }),
    ])
    expect((await run('moltbuying.show', {})).limits).toMatchObject({
      job: { micro: '5000000' },
      day: { micro: '9000000' },
    })
  })

  test('read while it changes is not what it was before from then on', async () => {
    const read = Promise.withResolvers<null>()
    const slow = new BuyingDoor({ readBlob: () => read.promise, writeBlob: async () => undefined })
    const before = slow.preferences()
    const changed = slow.changePreferences(() => ({ minReputation: 40 }))
    read.resolve(null)
    expect([await before, await changed, await slow.preferences()]).toEqual([
      {},
      { minReputation: 40 },
      { minReputation: 40 },
    ])
  })

  test('what is unset is as if nobody had said it', async () => {
    const { limits } = await run('moltbuying.show', {})
    await run('moltbuying.set', { preferences: { maxSpendPerJob: '5', minReputation: 40 } })
    const set = await run('moltbuying.set', { unset: ['maxSpendPerJob'] })
    expect(set).toMatchObject({ preferences: { minReputation: 40 }, limits: { job: limits.job } })
    expect(set.preferences).not.toHaveProperty('maxSpendPerJob')
  })
})
