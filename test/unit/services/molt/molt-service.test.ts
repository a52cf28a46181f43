import { beforeEach, describe, expect, test } from 'vitest'
import { networkOf } from '../../../../src/core/molt/network.ts'
import { rulesOf } from '../../../../src/core/state/molt.ts'
import type { MoltNetwork, WrittenGenesis } from '../../../../src/core/state/molt-commands.ts'
import type { Change, Command } from '../../../../src/core/state/types.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { MarketKey } from '../../../../src/ports/keys.ts'
import { silent } from '../../../../src/ports/log.ts'
import { MoltService } from '../../../../src/services/molt/molt-service.ts'
import { partFile } from '../../../../src/services/molt/part-file.ts'
import type { OpenedPlane } from '../../../../src/services/molt/plane.ts'
import { World } from '../../../../src/simulation/world.ts'
import { simNetwork } from '../../../../src/simulation/network.ts'
import { ada, type Book, meshOf } from '../../../support/control-samples.ts'
import { blobs } from '../../../support/molt/blobs.ts'
import { signerOf } from '../../../support/molt/names.ts'
import { play } from '../../../support/play.ts'

const genesis = (name: string, witnesses: readonly string[] = ['w']): WrittenGenesis => ({
  ...{
    name,
    witnesses: [...witnesses],
    faulty: 0,
    issuers: [],
    feeBps: 0,
    feeTo: null,
    claimTime: 60_000,
    createdAt: 0,
  },
})
const key: MarketKey = { id: nodeId('market'), seed: new Uint8Array(32), signer: signerOf('market') }

/** One node with a state of its own, whose market host is only noted down. */
class Lab {
  readonly world = new World(1)
  readonly book: Book = meshOf([ada])
  readonly disk = blobs()
  readonly happened: string[] = []
  key: MarketKey | null = null
  /** Why no host can be started. */
  obstacle: ClawError | null = null
  readonly #listeners = new Set<(changes: readonly Change[]) => void>()

  service(): MoltService {
    const { world, disk, book } = this
    return new MoltService({
      ...{ self: ada, disk, clock: world, log: silent },
      control: {
        state: book.state,
        onChange: (listener) => {
          this.#listeners.add(listener)
          return () => this.#listeners.delete(listener)
        },
        execute: async (command) => ({ index: this.apply(command), value: {} }),
      },
      keys: { read: async () => this.key, make: async () => (this.key = key) },
      openPlane: async (network) => this.#plane(network),
    })
  }

  apply(command: Command): number {
    const { changes, index } = this.book.run(command)
    for (const listener of this.#listeners) listener(changes)
    return index
  }

  #plane({ genesis: rules }: MoltNetwork): OpenedPlane {
    const { rpc, peers } = simNetwork(this.world).host(key.id)
    const gossip = { publish: () => Promise.resolve(), subscribe: () => () => {} }
    const network = networkOf(rulesOf(rules))
    return {
      plane: {
        ...{ network, name: rules.name, party: key.id, signer: key.signer, rpc, gossip, part: () => null },
        peers: { ...peers, self: key.id, up: () => [], addresses: () => ['/ip4/10.0.0.1/tcp/1/p2p/market'] },
      },
      service: {
        name: 'plane',
        start: async () => {
          if (this.obstacle !== null) throw this.obstacle
          this.happened.push(`start ${rules.name}`)
        },
        stop: async () => void this.happened.push(`stop ${rules.name}`),
      },
    }
  }
}

let lab: Lab
beforeEach(() => (lab = new Lab()))

const enter = (name: string, witnesses?: readonly string[]): Command => ({
  ...{ type: 'set-molt-network', genesis: genesis(name, witnesses), bootstrap: [] },
})
const settled = (): Promise<void> => lab.world.runFor(60_000)
const taken = new ClawError('ADDRESS_IN_USE', { address: '0.0.0.0:4711' })

async function started(): Promise<MoltService> {
  const service = lab.service()
  await service.start()
  await settled()
  return service
}

describe('a node of a mesh without a network', () => {
  test('cannot join, makes no key, and says why it is not connected', async () => {
    const service = await started()
    await expect(service.join('moderate')).rejects.toMatchObject({ code: 'MOLT_NO_NETWORK' })
    expect(service.status()).toMatchObject({ part: null, party: null, isConnected: false })
    expect(() => service.plane()).toThrow(expect.objectContaining({ code: 'MOLT_NOT_CONNECTED' }))
    await service.stop()
  })
})

describe('a node of a mesh with a network', () => {
  beforeEach(() => void lab.apply(enter('lab')))

  test('has no host until it joins, and tells the mesh where it is then', async () => {
    const service = await started()
    expect(lab.happened).toEqual([])
    await play(lab.world, service.join('moderate'))
    await settled()
    expect(lab.happened).toEqual(['start lab'])
    expect(lab.book.state.moltParts.get(ada)).toMatchObject({
      ...{ party: 'market', mode: 'moderate', addresses: ['/ip4/10.0.0.1/tcp/1/p2p/market'] },
    })
    expect(service.plane().party).toBe('market')
    await service.stop()
    expect(lab.happened).toEqual(['start lab', 'stop lab'])
  })

  test('takes part again after a restart, without a word to the mesh that changes nothing', async () => {
    const first = await started()
    await play(lab.world, first.join('buy-only'))
    await settled()
    await first.stop()
    const { index } = lab.book.state
    const second = await started()
    expect(lab.happened).toEqual(['start lab', 'stop lab', 'start lab'])
    expect(second.status()).toMatchObject({ part: { mode: 'buy-only' }, isConnected: true })
    expect(lab.book.state.index).toBe(index)
    await second.stop()
  })

  test('that changes its mode keeps its host; that leaves has none, and the mesh knows', async () => {
    const service = await started()
    await play(lab.world, service.join('conservative'))
    await play(lab.world, service.join('aggressive'))
    await settled()
    expect(lab.happened).toEqual(['start lab'])
    expect(lab.book.state.moltParts.get(ada)?.mode).toBe('aggressive')
    await play(lab.world, service.leave())
    await settled()
    expect(lab.happened).toEqual(['start lab', 'stop lab'])
    expect(lab.book.state.moltParts.has(ada)).toBe(false)
    expect(lab.disk.kept.has(partFile)).toBe(false)
    await service.stop()
  })

  test('has not joined when its host could not be started', async () => {
    const service = await started()
    lab.obstacle = taken
    await expect(service.join('moderate')).rejects.toBe(taken)
    expect(service.status()).toMatchObject({ part: null, isConnected: false })
    expect(lab.disk.kept.has(partFile)).toBe(false)
    await service.stop()
  })

  test('that has joined tries again to start its host, and says meanwhile why it cannot', async () => {
    const service = await started()
    await play(lab.world, service.join('moderate'))
    await service.stop()
    lab.obstacle = taken
    const again = await started()
    expect(again.status()).toMatchObject({ part: { mode: 'moderate' }, isConnected: false, problem: taken.message })
    lab.obstacle = null
    await settled()
    expect(again.status()).toMatchObject({ isConnected: true, problem: null })
    await again.stop()
  })

  test('goes over to the next network with its mesh, and has no host while there is none', async () => {
    const service = await started()
    await play(lab.world, service.join('moderate'))
    lab.apply({ type: 'leave-molt-network', network: lab.book.state.moltNetwork?.id ?? '' })
    await settled()
    expect(lab.happened).toEqual(['start lab', 'stop lab'])
    lab.apply(enter('other'))
    await settled()
    expect(lab.happened).toEqual(['start lab', 'stop lab', 'start other'])
    expect(lab.book.state.moltParts.get(ada)?.mode).toBe('moderate')
    await service.stop()
  })

  test('whose file of its part is damaged does not start as if it took none', async () => {
    lab.disk.kept.set(partFile, Buffer.from('{"mode":"generous"}'))
    await expect(lab.service().start()).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  })
})

describe('a witness', () => {
  test('has its host as soon as it is one, without having joined, and keeps it when it leaves', async () => {
    const service = await started()
    await service.identity()
    lab.apply(enter('lab', ['market']))
    await settled()
    expect(lab.happened).toEqual(['start lab'])
    expect(service.status()).toMatchObject({ part: null, isWitness: true })
    expect(lab.book.state.moltParts.get(ada)).toMatchObject({ mode: null })
    await play(lab.world, service.join('moderate'))
    await play(lab.world, service.leave())
    await settled()
    expect(lab.happened).toEqual(['start lab'])
    await service.stop()
  })
})
