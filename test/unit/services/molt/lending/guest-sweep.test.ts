import { expect, test } from 'vitest'
import { ClawError } from '../../../../../src/model/failure.ts'
import { minute } from '../../../../../src/model/time.ts'
import { silent } from '../../../../../src/ports/log.ts'
import { GuestSweep } from '../../../../../src/services/molt/lending/guest-sweep.ts'
import { writePart } from '../../../../../src/services/molt/part-file.ts'
import { SimDisk } from '../../../../../src/simulation/disk.ts'
import { seededRandom, World } from '../../../../../src/simulation/world.ts'

async function sweeps(isTakingPart: boolean): Promise<readonly ReadonlySet<string>[]> {
  const world = new World(1)
  const disk = new SimDisk({ random: seededRandom(1) })
  if (isTakingPart) await writePart(disk, { mode: 'moderate', since: 0 })
  const asked: ReadonlySet<string>[] = []
  const data = {
    sweep: async (known: ReadonlySet<string>) => {
      asked.push(known)
      if (asked.length === 1) throw new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'not yet' })
    },
  }
  const sweep = new GuestSweep({ data, disk, clock: world, log: silent })
  await sweep.start()
  await world.runFor(minute + 1)
  await sweep.stop()
  return asked
}

test('what guests have left goes when the daemon of a node that takes no part begins, and is tried until the engine lets it', async () => {
  expect(await sweeps(false)).toEqual([new Set(), new Set()])
})

test('of a node that takes part it is its leases that say what is kept', async () => {
  expect(await sweeps(true)).toEqual([])
})
