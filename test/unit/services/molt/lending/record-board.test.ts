import { expect, test } from 'vitest'
import { offerId } from '../../../../../src/core/records/rules/offer.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import { longestOffer, type Offer } from '../../../../../src/model/molt-offer.ts'
import { indexesOf, RecordBoard } from '../../../../../src/services/molt/lending/record-board.ts'

const self = nodeId('lender')
const { signal } = new AbortController()
const offer: Offer = {
  ...{ network: 'molt-a', provider: self, number: 1, vendor: 'nvidia', model: 'NVIDIA H100 80GB HBM3' },
  ...{
    memoryMib: 81_559,
    free: 2,
    rate: 500n,
    shortest: 1_000,
    longest: 60_000,
    isolation: 'gvisor',
    region: 'eu-west',
  },
  ...{ verification: 'self-reported', issuedAt: 1_000, endOfLife: 2_000 },
}

test('offers are said under their numbers, found by kind and place, and found no more when they are withdrawn', async () => {
  const said: unknown[] = []
  const receipt = { sequence: 1n, stored: [], isEnough: true }
  const board = new RecordBoard(self, {
    publish: async (publication) => (said.push(['publish', publication]), receipt),
    withdraw: async (name) => (said.push(['withdraw', name]), receipt),
    advertise: (indexes) => void said.push(['advertise', indexes.map((index) => Object.values(index).join('/'))]),
  })
  await board.publish(offer, signal)
  await board.withdraw(1, signal)
  const name = { namespace: 'claw-offer', id: offerId(self, 1) }
  expect(said).toEqual([
    ['publish', { ...name, value: offer, life: longestOffer, until: 2_000 }],
    ['advertise', ['any/0/any', 'h100/0/any', 'h100/80/any', 'h100/80/eu-west']],
    ['withdraw', name],
    ['advertise', []],
  ])
  expect(indexesOf({ ...offer, region: null })).toHaveLength(3)
})
