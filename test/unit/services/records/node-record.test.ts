/** A node says of itself that it is there, and says so anew when something of it has changed. */
import { expect, test } from 'vitest'
import { minute, second } from '../../../../src/model/time.ts'
import { NodeRecordService } from '../../../../src/services/records/node-record.ts'
import type { NodePayload } from '../../../../src/core/records/rules/node.ts'
import { silent } from '../../../../src/ports/log.ts'
import { RecordMesh } from '../../../support/molt/record-mesh.ts'
import { nodeValue } from '../../../support/molt/records.ts'

const { signal } = new AbortController()

test('others read what it is now, soon after it has changed, and it is said no more than that', async () => {
  const mesh = new RecordMesh()
  const [ada, bob] = [await mesh.add('ada'), await mesh.add('bob')]
  let roles: NodePayload['roles'] = ['buyer']
  const service = new NodeRecordService({
    ...{ self: ada.id, records: ada.store, clock: ada.host.clock, log: silent },
    content: () => ({ ...nodeValue(), roles }),
  })
  const rolesSeen = async () => {
    const { value } = await mesh.play(bob.store.read({ namespace: 'claw-node', id: ada.id }, { signal }))
    return (value as NodePayload | null)?.roles
  }
  let issued = 0
  bob.store.onSeen(() => (issued += 1))

  await mesh.play(service.start())
  await mesh.world.runFor(3 * second)
  expect(await rolesSeen()).toEqual(['buyer'])
  roles = ['provider', 'buyer']
  await mesh.world.runFor(15 * second)
  expect(await rolesSeen()).toEqual(['provider', 'buyer'])
  await mesh.world.runFor(10 * minute)
  expect(issued).toBe(2)
  await mesh.play(service.stop())
})
