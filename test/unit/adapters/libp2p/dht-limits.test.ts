/** What one peer may ask of the table of records at once, and how much is kept of what peers say that they have. */
import { describe, expect, test } from 'vitest'
import { limitIncoming } from '../../../../src/adapters/libp2p/dht-limits.ts'
import type { Dht } from '../../../../src/adapters/libp2p/dht-parts.ts'
import { DhtProviders } from '../../../../src/adapters/libp2p/dht-providers.ts'
import { hour, second } from '../../../../src/model/time.ts'
import { seededRandom } from '../../../../src/simulation/world.ts'
import { Tally } from '../../../support/tally.ts'

describe('messages', () => {
  function limited() {
    let now = 0
    const rpc = { handleMessage: (): Promise<unknown> => Promise.resolve('answered') }
    const metrics = new Tally()
    limitIncoming({ rpc } as unknown as Dht, { elapsed: () => now, metrics })
    const ask = rpc.handleMessage as unknown as (peer: string, message: object) => Promise<unknown>
    const asks = (peer: string, message: object = {}): Promise<unknown> =>
      ask(peer, { providers: [], closer: [], ...message }).catch((error: Error) => error.message)
    return { asks, metrics, pass: (ms: number) => void (now += ms) }
  }

  test('four hundred at once, a hundred a second after that, and nobody suffers from another', async () => {
    const { asks, metrics, pass } = limited()
    const answers = await Promise.all(Array.from({ length: 450 }, () => asks('eve')))
    expect(answers.filter((answer) => answer === 'answered')).toHaveLength(400)
    expect(metrics.of('claw_dht_refused_total pace')).toBe(50)
    expect(await asks('ada')).toBe('answered')
    pass(second)
    const later = await Promise.all(Array.from({ length: 150 }, () => asks('eve')))
    expect(later.filter((answer) => answer === 'answered')).toHaveLength(100)
  })

  test('none larger than it can honestly be', async () => {
    const { asks } = limited()
    const addresses = (count: number) => [{ multiaddrs: Array.from({ length: count }, () => ({})) }]
    const wrong = [
      ...[{ key: new Uint8Array(601) }, { record: new Uint8Array(5_000) }, { closer: [{}] }],
      ...[{ providers: addresses(9) }, { providers: [...addresses(1), ...addresses(1)] }],
    ]
    expect(await Promise.all(wrong.map((message) => asks('eve', message)))).toEqual(
      wrong.map(() => 'refused for its size'),
    )
    expect(await asks('eve', { key: new Uint8Array(600), providers: addresses(8) })).toBe('answered')
  })
})

describe('providers', () => {
  const value = new Uint8Array(1)
  function providers() {
    const random = seededRandom(3)
    let now = 0
    const made = new DhtProviders({ elapsed: () => now, chance: () => random.next() })
    return { made, pass: (ms: number) => void (now += ms) }
  }

  test('a peer is in so many topics, and a topic has so many peers', () => {
    const { made } = providers()
    const ofOne = Array.from({ length: 70 }, (_, i) => made.put(`topic ${i}`, 'eve', value))
    expect(ofOne.filter(Boolean)).toHaveLength(64)
    const inOne = Array.from({ length: 600 }, (_, i) => made.put('h100', `peer ${i}`, value))
    expect(inOne.filter(Boolean)).toHaveLength(512)
    expect(made.put('h100', 'peer 1', value)).toBe(true)
  })

  test('who crowds a topic crowds out nobody: chance decides who is told of', () => {
    const { made } = providers()
    made.put('h100', 'ada', value)
    for (let i = 0; i < 500; i += 1) made.put('h100', `eve ${i}`, value)
    const told = Array.from({ length: 60 }, () => made.of('h100').map(([, peer]) => peer))
    expect(told.every((peers) => peers.length === 64 && new Set(peers).size === 64)).toBe(true)
    expect(told.filter((peers) => peers.includes('ada')).length).toBeGreaterThan(1)
  })

  test('what was said three hours ago is forgotten, and makes room', () => {
    const { made, pass } = providers()
    for (let i = 0; i < 64; i += 1) made.put(`topic ${i}`, 'ada', value)
    expect(made.put('one more', 'ada', value)).toBe(false)
    pass(3 * hour + 1)
    expect(made.of('topic 1')).toEqual([])
    expect(made.put('one more', 'ada', value)).toBe(true)
    made.delete('one more', 'ada')
    expect(made.of(null)).toEqual([])
  })
})
