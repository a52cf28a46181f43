import { expect, test } from 'vitest'
import type { Command } from '../../../../src/core/state/types.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { nodeId, workloadId } from '../../../../src/model/ids.ts'
import { silent } from '../../../../src/ports/log.ts'
import { LeaderCommands } from '../../../../src/services/gateway/commands.ts'

const self = nodeId('ada')
const giveUp: Command = { type: 'give-up', workload: workloadId('wl-a') }

test('each command is tried once in the term of its leader, and none for a run that has ended', async () => {
  const asked: string[] = []
  const commands = new LeaderCommands({
    ...{ self, log: silent },
    control: {
      lead: () => ({ role: 'leader', term: 7, leader: self }),
      decree: (_, { id }) => {
        asked.push(id)
        return Promise.resolve({ index: 1, value: {} })
      },
    },
  })
  const run = new AbortController()
  const before = [await commands.tryOne(giveUp, run.signal), await commands.tryOne(giveUp, run.signal)]
  run.abort(new ClawError('NO_LEADER', { detail: 'this peer leads no more' }))
  expect([...before, await commands.tryOne(giveUp, run.signal)]).toEqual([true, true, false])
  expect(asked).toEqual(['gateway:ada:7:1:give-up', 'gateway:ada:7:2:give-up'])
})
