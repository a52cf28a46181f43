import { expect, test } from 'vitest'
import { Conduct } from '../../../../src/adapters/libp2p/conduct.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { minute, second } from '../../../../src/model/time.ts'
import { silent } from '../../../../src/ports/log.ts'
import { World } from '../../../../src/simulation/world.ts'
import { Tally } from '../../../support/tally.ts'

const ada = nodeId('ada')

function watched() {
  const clock = new World(1)
  const metrics = new Tally()
  const banned: string[] = []
  const limits = { perSecond: 10, burst: 20 }
  const conduct = new Conduct({ clock, log: silent, metrics, limits, onBan: (peer) => banned.push(peer) })
  return { clock, metrics, banned, conduct }
}

test('a peer may burst, then gets its rate', async () => {
  const { clock, conduct } = watched()
  const taken = (): number => Array.from({ length: 100 }, () => conduct.allow(ada)).filter(Boolean).length
  expect(taken()).toBe(20)
  await clock.runFor(second)
  expect(taken()).toBe(10)
  await clock.runFor(minute)
  expect(taken()).toBe(20)
})

test('a flood counts as one wrong a second, not as one a message', () => {
  const { conduct, metrics } = watched()
  for (let i = 0; i < 1_000; i += 1) conduct.allow(ada)
  expect(metrics.of('claw_net_violations_total flood')).toBe(1)
})

test('ten wrongs within a minute keep a peer out for a minute, nine do not', async () => {
  const { clock, conduct, banned } = watched()
  for (let i = 0; i < 9; i += 1) conduct.blame(ada, 'malformed')
  await clock.runFor(minute)
  conduct.blame(ada, 'malformed')
  expect(conduct.isBanned(ada)).toBe(false)

  for (let i = 0; i < 9; i += 1) conduct.blame(ada, 'malformed')
  expect(banned).toEqual([ada])
  expect(conduct.isBanned(ada)).toBe(true)
  await clock.runFor(minute + 1)
  expect(conduct.isBanned(ada)).toBe(false)
})

test('however many peers there are, memory is bounded and the banned are not forgotten', () => {
  const { conduct } = watched()
  for (let i = 0; i < 10; i += 1) conduct.blame(ada, 'malformed')
  for (let i = 0; i < 10_000; i += 1) conduct.allow(nodeId(`peer-${i}`))
  expect(conduct.isBanned(ada)).toBe(true)
})
