import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Command } from '../../../../src/core/state/types.ts'
import type { Strategy } from '../../../../src/model/deployment.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { web } from '../../../support/deployment-samples.ts'
import { type Known, RolloutLab } from '../../../support/rollout-lab.ts'

const strategy: fc.Arbitrary<Strategy> = fc.oneof(
  fc.constant({ type: 'immediate' } as const),
  fc.constant({ type: 'blue-green' } as const),
  fc.integer({ min: 1, max: 4 }).map((batch) => ({ type: 'rolling' as const, batch })),
  fc.integer({ min: 1, max: 99 }).map((percent) => ({ type: 'canary' as const, percent })),
)

const sample = fc
  .record({
    strategy,
    replicas: fc.integer({ min: 0, max: 7 }),
    hasService: fc.boolean(),
    surge: fc.option(fc.nat(3)),
    unavailable: fc.option(fc.nat(2)),
    autoPromoteMs: fc.option(fc.constantFrom(0, 5_000)),
    autoRollback: fc.boolean(),
    minReadyMs: fc.constantFrom(0, 2_000, null),
  })
  .map(({ strategy: how, surge, unavailable, hasService, ...rest }) => ({
    ...rest,
    strategy: how,
    service: hasService ? { port: 8_080, targetPort: 80 } : null,
    maxSurge: how.type === 'blue-green' ? null : surge,
    maxUnavailable: surge === 0 && unavailable === 0 ? null : unavailable,
    progressDeadlineMs: 30_000,
  }))

/** What happens: to the replicas, to the nodes, to the leader, and what people want. */
const happening = fc.record({
  what: fc.constantFrom(
    ...(['lead', 'lead', 'lead', 'lead', 'move', 'move', 'move', 'move', 'move', 'move', 'time', 'time'] as const),
    ...([
      'kill',
      'lose',
      'return',
      'stale',
      'update',
      'scale',
      'pause',
      'resume',
      'promote',
      'rollback',
      'drain',
      'undrain',
    ] as const),
  ),
  pick: fc.nat(1_000),
})
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

const images = ['app:good', 'app:exits', 'app:hangs', 'app:better'] as const

/** A decision that its leader made and could not commit before another one led. */
interface Leader {
  late: { readonly command: Command; readonly known: Known } | null
}

function happen(lab: RolloutLab, leader: Leader, { what, pick }: Happening): void {
  const told = { deployment: web }
  switch (what) {
    case 'lead':
      return void lab.lead()
    case 'move':
      return void lab.move(pick)
    case 'time':
      lab.at += (pick % 20) * 250
      return
    case 'kill':
      return lab.kill(pick)
    case 'lose':
      if (lab.gone.size < 3) lab.gone.add(nodeId(`n${pick % 4}`))
      return
    case 'return':
      lab.gone.delete(nodeId(`n${pick % 4}`))
      return
    case 'drain':
      return lab.setDrained(nodeId(`n${pick % 3}`), true)
    case 'undrain':
      return lab.setDrained(nodeId(`n${pick % 3}`), false)
    case 'stale': {
      if (leader.late !== null) lab.commit(leader.late.command, leader.late.known)
      const decision = lab.decision()
      leader.late = decision === null ? null : { command: lab.command(decision), known: lab.known() }
      return
    }
    case 'update':
      return void lab.update(`${images[pick % 4] ?? ''}-${pick % 3}`)
    case 'scale':
      return void lab.run({ type: 'update-deployment', ...told, replicas: pick % 9 })
    case 'pause':
      return void lab.run({ type: 'pause-deployment', ...told })
    case 'resume':
      return void lab.run({ type: 'resume-deployment', ...told })
    case 'promote':
      return void lab.run({ type: 'promote-deployment', ...told, force: pick % 3 === 0 })
    case 'rollback':
      return void lab.run({ type: 'rollback-deployment', ...told })
  }
}

test('given anything that may happen, no step takes away what was promised, exceeds the surge, stops what serves, or leaves requests to nobody', () => {
  fc.assert(
    fc.property(sample, fc.array(happening, { minLength: 20, maxLength: 250 }), (parts, happenings) => {
      const lab = new RolloutLab({ ...parts, image: 'app:good-0' })
      const leader: Leader = { late: null }
      lab.settle(20_000)
      for (const each of happenings) {
        happen(lab, leader, each)
        expect(lab.wrongs).toEqual([])
      }
    }),
    { numRuns: 300 },
  )
})

test('given an end of all trouble and a good revision to reach, everything settles at it, whatever happened before', () => {
  fc.assert(
    fc.property(sample, fc.array(happening, { maxLength: 120 }), (parts, happenings) => {
      const lab = new RolloutLab({ ...parts, image: 'app:good-0' })
      for (const each of happenings) happen(lab, { late: null }, each)
      lab.gone.clear()
      lab.run({ type: 'resume-deployment', deployment: web })
      lab.run({ type: 'update-deployment', deployment: web, replicas: 3 })
      lab.update('app:last')
      lab.settle(120_000)
      lab.run({ type: 'promote-deployment', deployment: web, force: false })
      lab.settle(120_000)
      const { state, stable, target, rollout } = lab.deployment ?? {}
      expect([state, rollout, stable === target]).toEqual(['active', null, true])
      expect(lab.live()).toEqual({ [target ?? 0]: 3 })
      expect(lab.wrongs).toEqual([])
      expect([lab.lead(), lab.census().draining, lab.census().stopping]).toEqual([false, [], []])
    }),
    { numRuns: 150 },
  )
})

test('given a deployment that is deleted at any moment, nothing of it is left', () => {
  fc.assert(
    fc.property(sample, fc.array(happening, { maxLength: 60 }), (parts, happenings) => {
      const lab = new RolloutLab(parts)
      for (const each of happenings) happen(lab, { late: null }, each)
      lab.gone.clear()
      lab.run({ type: 'delete-deployment', deployment: web })
      lab.settle(10_000)
      expect([lab.deployment, occupiedBy(lab)]).toEqual([undefined, 0])
    }),
    { numRuns: 100 },
  )
})

const occupiedBy = (lab: RolloutLab): number => {
  const { live, draining, stopping } = lab.census()
  return live.length + draining.length + stopping.length
}
