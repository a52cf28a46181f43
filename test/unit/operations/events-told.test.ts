/** What people and programs tell the mesh. */
import { beforeEach, expect, test } from 'vitest'
import type { TwoPeers } from '../../support/two-peers.ts'
import { twoPeers } from '../../support/two-peers.ts'

let peers: TwoPeers
const { run, told } = {
  run: ((...given) => peers.run(...given)) as TwoPeers['run'],
  told: (message: string, more: object = {}) => run('events.emit', { source: 'tests', message, ...more }),
}

beforeEach(async () => {
  peers = await twoPeers()
})

test('an event that was emitted is found by its source and severity, and by nobody who asks for others', async () => {
  await run('node.taint', { node: 'bob', key: 'gpu', value: 'old' })
  await told('a disk is full', { severity: 'warning' })
  await told('all is well')
  const warnings = await run('events.query', { source: 'tests', severity: 'warning' })
  expect(warnings).toMatchObject({
    count: 1,
    events: [{ message: 'a disk is full', node: 'ada', type: 'told.warning' }],
  })
  expect(await run('events.query', { source: 'tests', limit: 1 })).toMatchObject({
    events: [{ message: 'all is well' }],
  })
  expect(await run('events.query', { source: 'others' })).toMatchObject({ count: 0, events: [] })
  const own = await run('events.query', { source: 'mesh' })
  expect(own.count).toBeGreaterThan(0)
  expect(own.events.every(({ source }) => source === 'mesh')).toBe(true)
})

test('events older than the range are not found', async () => {
  await told('long ago')
  await peers.mesh.world.runFor(3 * 60_000)
  await told('just now')
  expect(await run('events.query', { source: 'tests', rangeMinutes: 2 })).toMatchObject({
    events: [{ message: 'just now' }],
  })
})

test('nobody speaks in the name of the mesh or of its daemons', async () => {
  for (const source of ['mesh', 'system.run'])
    await expect(run('events.emit', { source, message: 'x' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

test('whoever tells too much is refused, and what the mesh itself says is not pushed out', async () => {
  await run('node.taint', { node: 'bob', key: 'gpu', value: 'old' })
  const before = (await run('events.query', { source: 'mesh', limit: 10_000 })).count
  expect(before).toBeGreaterThan(0)
  for (let i = 0; i < 300; i += 1) await told(`event ${i}`)
  await expect(told('one more')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  for (let minutes = 0; minutes < 8; minutes += 1) {
    await peers.mesh.world.runFor(61_000)
    for (let i = 0; i < 300; i += 1) await told(`event ${i}`)
  }
  const after = await run('events.query', { source: 'mesh', limit: 10_000 })
  expect(after.count).toBeGreaterThanOrEqual(before)
  expect((await run('events.query', { source: 'tests', limit: 10_000 })).count).toBeLessThan(2_000)
})

test('the same key is kept once', async () => {
  await told('twice', { idempotencyKey: 'k' })
  await told('twice', { idempotencyKey: 'k' })
  expect(await run('events.query', { source: 'tests' })).toMatchObject({ count: 1 })
})
