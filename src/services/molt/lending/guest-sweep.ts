/** Takes away what guests have left on this host while it takes part in no network: it lends nothing then, and nobody else would look. */
import type { Clock } from '../../../ports/clock.ts'
import type { Disk } from '../../../ports/journal.ts'
import type { Log } from '../../../ports/log.ts'
import type { Service } from '../../../ports/service.ts'
import { minute, second } from '../../../model/time.ts'
import { Loop } from '../../gateway/loop.ts'
import { readPart } from '../part-file.ts'
import type { GuestData } from './guest-data.ts'

export interface GuestSweepDeps {
  readonly data: Pick<GuestData, 'sweep'>
  readonly disk: Pick<Disk, 'readBlob'>
  readonly clock: Clock
  readonly log: Log
}

const pace = { every: minute, pause: second }

export class GuestSweep implements Service {
  readonly name = 'guest-sweep'
  readonly #loop: Loop

  constructor(deps: GuestSweepDeps) {
    this.#loop = new Loop(deps, pace, async (signal) => {
      // Who takes part has records of what is to be kept.
      if ((await readPart(deps.disk)) === null) await deps.data.sweep(new Set(), signal)
    })
  }

  start(): Promise<void> {
    this.#loop.start()
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }
}
