import { expect, test } from 'vitest'
import { ClawError } from '../../../../src/model/failure.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { Rpc } from '../../../../src/ports/rpc.ts'
import { SnapshotSender } from '../../../../src/services/consensus/snapshot-sender.ts'
import type { SnapshotChunk } from '../../../../src/wire/raft.ts'
import { maxChunkBytes } from '../../../../src/wire/raft.ts'

const to = nodeId('b')
const signal = new AbortController().signal
const snapshot = { index: 7, term: 2, voters: [to], data: new Uint8Array(2 * maxChunkBytes + 5).fill(3) }

/** A sender to a peer that answers so; `sent` are the offsets of the parts. */
function sending(answer: (chunk: SnapshotChunk) => number | Promise<number>, read = () => Promise.resolve(snapshot)) {
  const sent: number[] = []
  const call = async (_to: unknown, _protocol: unknown, request: unknown): Promise<unknown> => {
    const chunk = request as SnapshotChunk
    sent.push(chunk.offset)
    return { wanted: await answer(chunk) }
  }
  const sender = new SnapshotSender({
    rpc: { call: call as Rpc['call'] },
    log: silent,
    read,
    pause: () => Promise.resolve(),
  })
  return { sent, sender }
}

const next = ({ offset, data }: SnapshotChunk): number => offset + data.length

test('a snapshot goes out in parts until all is there', async () => {
  const { sent, sender } = sending(next)
  expect(await sender.send(to, 3, signal)).toBe(7)
  expect(sent).toEqual([0, maxChunkBytes, 2 * maxChunkBytes])
})

test('the receiver may begin anew', async () => {
  let first = true
  const { sent, sender } = sending((chunk) => {
    const again = chunk.offset > 0 && first
    if (again) first = false
    return again ? 0 : next(chunk)
  })
  expect(await sender.send(to, 3, signal)).toBe(7)
  expect(sent.filter((offset) => offset === 0)).toHaveLength(2)
})

test('a receiver that never gets further, or wants what is not there, is given up', async () => {
  expect(await sending(() => 0).sender.send(to, 3, signal)).toBeNull()
  expect(await sending(() => 1e9).sender.send(to, 3, signal)).toBeNull()
})

test('a peer that cannot be reached is given up, a bug is not hidden', async () => {
  const unreachable = sending(() => Promise.reject(new ClawError('NODE_UNREACHABLE', { node: to, detail: 'gone' })))
  expect(await unreachable.sender.send(to, 3, signal)).toBeNull()
  const broken = sending(() => Promise.reject(new Error('a bug')))
  await expect(broken.sender.send(to, 3, signal)).rejects.toThrow('a bug')
})

test('a third at a time has to wait for its turn', async () => {
  const { promise, resolve } = Promise.withResolvers<number>()
  const { sender } = sending(() => promise)
  const [one, two] = [sender.send(to, 3, signal), sender.send(to, 3, signal)]
  expect(await sender.send(to, 3, signal)).toBeNull()
  resolve(snapshot.data.length)
  expect(await Promise.all([one, two])).toEqual([7, 7])
})
