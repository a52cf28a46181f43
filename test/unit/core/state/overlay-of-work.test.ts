import { expect, test } from 'vitest'
import { mayGive } from '../../../../src/core/overlay/addresses.ts'
import { decodeEntry, encodeEntry } from '../../../../src/core/state/entry.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, cyd, meshOf, refusal, submit } from '../../../support/control-samples.ts'
import { enableOverlay, joinOverlay } from '../../../support/overlay-samples.ts'

const id = workloadId('wl-a')
const placement = placementId(id, 1)
/** Bob has the second slot. */
const bobs = '10.200.2.7'

const runs = (overlayAddress: string): Command => ({
  ...{ type: 'report-running', placement, node: bob, startedAt: 5_000, overlayAddress },
})

function claimedByBob(): Book {
  const book = meshOf([ada, bob])
  book.run(enableOverlay())
  for (const node of [ada, bob]) book.run(joinOverlay(node))
  book.run(submit('wl-a', { restart: { policy: 'always', backoffMs: 0 } }))
  book.run({ type: 'place', workload: id, attempt: 1, node: bob, devices: [], executor: 'docker' })
  book.run({ type: 'claim', placement, node: bob })
  return book
}

const addressIn = ({ state }: Pick<Book, 'state'>): string | undefined => state.workloads.get(id)?.overlayAddress

test('every peer knows at which address of its node work runs, also from a snapshot', () => {
  const book = claimedByBob()
  expect(refusal(book.run(runs(bobs)))).toBeNull()
  expect(addressIn(book)).toBe(bobs)
  expect(addressIn({ state: restore(snapshot(book.state)) })).toBe(bobs)
})

test.each([
  ['that another node gives', '10.200.1.7'],
  ['of a node itself', '10.100.0.2'],
  ['that names the part', '10.200.2.0'],
  ['of the end at its node', '10.200.2.1'],
  ['for all', '10.200.2.255'],
  ['outside of the overlay', '8.8.8.8'],
])('an address %s counts for nothing, and the work runs all the same', (_, address) => {
  const book = claimedByBob()
  expect(refusal(book.run(runs(address)))).toBeNull()
  expect(book.state.workloads.get(id)?.state).toBe('running')
  expect(addressIn(book)).toBeUndefined()
})

test('without an overlay, or a slot in it, a node gives no address', () => {
  const { state } = claimedByBob()
  expect(mayGive(state.overlay, bob, bobs)).toBe(true)
  expect(mayGive(state.overlay, cyd, bobs)).toBe(false)
  expect(mayGive(null, bob, bobs)).toBe(false)
})

test('an address is of one attempt: it is forgotten when the work goes back, but not when its health is told', () => {
  const book = claimedByBob()
  book.run(runs(bobs))
  book.run({ type: 'report-health', placement, node: bob, ready: false, reason: 'refused', at: 6_000 })
  expect(addressIn(book)).toBe(bobs)
  book.run({ type: 'report-ended', placement, node: bob, endedAt: 7_000, exitCode: 0, error: null })
  expect(book.state.workloads.get(id)?.state).toBe('pending')
  expect(addressIn(book)).toBeUndefined()
})

test('with the overlay go the addresses in it', () => {
  const book = claimedByBob()
  book.run(runs(bobs))
  book.run({ type: 'disable-overlay' })
  expect(addressIn(book)).toBeUndefined()
})

test('nothing but an address gets into the log as one', () => {
  const entry = (address: string) => ({ ...{ id: 'e', at: 1, by: 'bob', via: null }, command: runs(address) })
  expect(decodeEntry(encodeEntry(entry(bobs)))?.command).toEqual(runs(bobs))
  for (const address of ['', 'a.b.c.d', '10.200.2.300', '10.200.2.7/32', '10.200.2.7\n', '::1'])
    expect(() => encodeEntry(entry(address)), address).toThrow()
})
