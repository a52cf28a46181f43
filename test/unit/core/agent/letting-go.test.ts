import { describe, expect, test } from 'vitest'
import type { AgentView, Assigned } from '../../../../src/core/agent/view.ts'
import { deploymentId } from '../../../../src/model/ids.ts'
import { assigned, at, holding, id, running, steps, stopRequested, task } from '../../../support/agent-samples.ts'

const owner = { deployment: deploymentId('web'), revision: 1 }

/** A replica that serves, and whose end was asked for. It has seven seconds to stop. */
const asked = (parts: Partial<Assigned> = {}): Assigned =>
  assigned({ state: 'stopping', startedAt: 900_000, owner, serves: true, stopRequested, ...parts })

const todo = (workload: Assigned, parts: Partial<AgentView> = {}) =>
  steps({ workloads: [workload], tasks: new Map([task(running)]), ledger: new Map([holding('started')]), ...parts })

const stop = (grace: number) => ({ do: 'stop', placement: id, executor: 'docker', grace })

describe('given a replica that takes requests, when its end is asked for', () => {
  test('then it is let go of first, and stopped after two seconds of its grace', () => {
    expect(todo(asked())).toEqual([{ do: 'let-go', placement: id }])
    expect(todo(asked(), { letGo: new Map([[id, at - 1_999]]) })).toEqual([])
    expect(todo(asked(), { letGo: new Map([[id, at - 2_000]]) })).toEqual([stop(5_000)])
    // The clock was set back.
    expect(todo(asked(), { letGo: new Map([[id, at + 3_600_000]]) })).toEqual([stop(5_000)])
  })

  test('and it is moved away, then the same', () => {
    const eviction = { at: 0, by: 'me', reason: 'r', grace: 1_000, target: null, avoid: false }
    const moved = asked({ stopRequested: null, eviction })
    expect(todo(moved)).toEqual([{ do: 'let-go', placement: id }])
    expect(todo(moved, { letGo: new Map([[id, at - 500]]) })).toEqual([stop(500)])
  })

  test('and there is a hurry, then it is stopped at once', () => {
    expect(todo(asked({ stopRequested: { ...stopRequested, force: true } }))).toEqual([stop(0)])
  })

  test.each([
    ['is not ready', { ready: false }],
    ['was let go of by a rollout', { owner: { ...owner, drainingSince: 0 } }],
  ])('and it %s, then it is stopped at once', (_, parts) => {
    expect(todo(asked(parts))).toEqual([stop(7_000)])
  })
})

test('given work that takes no requests, when its end is asked for, then it is stopped at once', () => {
  const { serves, ...plain } = asked()
  expect(serves).toBe(true)
  expect(todo(plain)).toEqual([stop(7_000)])
})
