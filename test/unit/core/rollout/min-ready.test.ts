import { describe, expect, test } from 'vitest'
import { minReadyOf } from '../../../../src/model/deployment.ts'
import type { Sample } from '../../../support/deployment-samples.ts'
import { RolloutLab } from '../../../support/rollout-lab.ts'

const lab = (parts: Sample): RolloutLab => {
  const made = new RolloutLab({ replicas: 2, image: 'app:1', strategy: { type: 'rolling', batch: 1 }, ...parts })
  made.settle(30_000)
  return made
}

describe('given replicas that have to be ready for three seconds before they are relied upon', () => {
  const service = { port: 8_080, targetPort: 80 }

  test('when a new one is ready, nothing goes and it is given no requests until then', () => {
    const rollout = lab({ minReadyMs: 3_000, service })
    rollout.update('app:2')
    rollout.settle(3_000)
    expect(rollout.live()).toEqual({ 1: 2, 2: 1 })
    expect(rollout.deployment?.traffic).toEqual([{ revision: 1, weight: 2 }])
    rollout.settle(1_000)
    expect(rollout.deployment?.traffic.map(({ revision }) => revision)).toEqual([1, 2])
    rollout.settle(20_000)
    expect([rollout.deployment?.state, rollout.live()]).toEqual(['active', { 2: 2 }])
  })

  test('when each new one ends before, all of the old ones stay, and it is gone back to them', () => {
    const rollout = lab({ minReadyMs: 3_000, service })
    rollout.update('app:2')
    for (let i = 0; i < 40; i += 1) {
      rollout.settle(1_000)
      const { live } = rollout.census()
      expect(live.filter(({ revision }) => revision === 1)).toHaveLength(2)
      expect(rollout.deployment?.traffic.map(({ revision }) => revision)).toEqual([1])
      rollout.killOf(2)
    }
    expect(rollout.deployment).toMatchObject({ state: 'active', target: 1, stable: 1 })
    expect(rollout.deployment?.reason).toContain('replicas of revision 2 failed 3 times')
    expect(rollout.wrongs).toEqual([])
  })

  test('when one of the revision that was fully there comes back, it counts at once', () => {
    const rollout = lab({ minReadyMs: 60_000, replicas: 1 })
    rollout.settle(120_000)
    rollout.kill(0)
    rollout.settle(5_000)
    expect(rollout.deployment).toMatchObject({ state: 'active', stable: 1 })
  })
})

test('given no time of its own, a replica without a readiness probe has to be ready for three seconds, and one with it for none', () => {
  const check = { type: 'tcp' as const, port: 80 }
  const readiness = { check, everyMs: 1_000, timeoutMs: 1_000, failures: 3, successes: 1, delayMs: 0 }
  expect(minReadyOf({ minReadyMs: null }, {})).toBe(3_000)
  expect(minReadyOf({ minReadyMs: null }, { health: { readiness } })).toBe(0)
  expect(minReadyOf({ minReadyMs: 500 }, { health: { readiness } })).toBe(500)
})
