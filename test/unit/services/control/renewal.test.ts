import { expect, test } from 'vitest'
import { encodeBackup, decodeBackup } from '../../../../src/core/state/backup.ts'
import { Renewal } from '../../../../src/services/control/renewal.ts'
import { World } from '../../../../src/simulation/world.ts'
import { ada, bob, meshOf } from '../../../support/control-samples.ts'

test('a backup of a later state version than the mesh’s is refused by name of who is to be upgraded, and nothing begins', async () => {
  const { state } = meshOf([ada, bob])
  const world = new World(1)
  const nothing = { status: () => expect.fail('it was looked at'), beginEra: () => expect.fail('it was begun') }
  const renewal = new Renewal({ self: ada, software: '0.1.0', clock: world, random: world, consensus: nothing, state })
  const backup = decodeBackup(encodeBackup({ ...meshOf([ada]).state, version: 2 }, { at: 0, software: '0.2.0' }))
  await expect(renewal.restore(backup, 'socket')).rejects.toMatchObject({
    code: 'UPGRADE_NEEDED',
    facts: { needs: 2, has: 1, nodes: 'ada, bob' },
  })
})
