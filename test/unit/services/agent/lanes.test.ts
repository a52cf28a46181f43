import { expect, test } from 'vitest'
import type { AgentAction } from '../../../../src/core/agent/action.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import { Lanes } from '../../../../src/services/agent/lanes.ts'

const placement = placementId(workloadId('wl-a'), 1)
const stop = (grace: number): AgentAction => ({ do: 'stop', placement, executor: 'docker', grace })

test('given a stop that waits for its grace, when one comes that allows less, then it is carried out at once', () => {
  const performed: AgentAction[] = []
  const lanes = new Lanes({
    clock: { elapsed: () => 0 },
    perform(action) {
      performed.push(action)
      return new Promise(() => 'for ever')
    },
    onDone: () => {},
  })
  for (const grace of [60_000, 60_000, 5_000, 60_000, 0, 5_000]) lanes.offer(stop(grace))
  expect(performed).toEqual([stop(60_000), stop(5_000), stop(0)])
})
