import { expect, test } from 'vitest'
import { decodeBackup } from '../../../../src/core/state/backup.ts'
import { encodeBackup } from '../../../support/backup-file.ts'
import { Renewal } from '../../../../src/services/control/renewal.ts'
import { World } from '../../../../src/simulation/world.ts'
import { ada, bob, meshOf, submit } from '../../../support/control-samples.ts'
import { play } from '../../../support/play.ts'

const nothing = { status: () => expect.fail('it was looked at'), beginEra: () => expect.fail('it was begun') }

test('a backup is of the moment in which it was asked for, and others go on while it is made', async () => {
  const book = meshOf([ada])
  for (let i = 0; i < 40; i += 1) book.run(submit(`wl-${i}`, { env: { BIG: 'x'.repeat(8_000) } }))
  const { state } = book
  const world = new World(1)
  const renewal = new Renewal({ self: ada, software: '0.1.0', clock: world, random: world, consensus: nothing, state })
  const made = renewal.backup(new AbortController().signal)
  const { index } = state
  book.run(submit('later'))
  let turns = 0
  world.after(0, () => (turns += 1))
  const { header } = decodeBackup(await play(world, made))
  expect([header.index, header.workloads, turns]).toEqual([index, 40, 1])
  const late = new AbortController()
  const cut = renewal.backup(late.signal)
  late.abort(new Error('too late'))
  await expect(play(world, cut)).rejects.toThrow('too late')
})

test('a backup of a later state version than the mesh’s is refused by name of who is to be upgraded, and nothing begins', async () => {
  const { state } = meshOf([ada, bob])
  const world = new World(1)
  const renewal = new Renewal({ self: ada, software: '0.1.0', clock: world, random: world, consensus: nothing, state })
  const backup = decodeBackup(encodeBackup({ ...meshOf([ada]).state, version: 2 }, { at: 0, software: '0.2.0' }))
  await expect(renewal.restore(backup, 'socket')).rejects.toMatchObject({
    code: 'UPGRADE_NEEDED',
    facts: { needs: 2, has: 1, nodes: 'ada, bob' },
  })
})
