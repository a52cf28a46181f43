/** For how long the containers of leases have run, as the engine itself tells it: time in which one was held still does not count. */
import { connectEngine } from '../../../../src/adapters/docker/engine.ts'
import { type Agreement, agreementId } from '../../../../src/core/molt/agreement.ts'
import { leaseWorkload } from '../../../../src/core/molt/market/lease-work.ts'
import { labDocker } from '../../lab-docker.ts'

interface Happened {
  readonly Action: string
  readonly timeNano: number
}

export class RunTimes {
  readonly #since = Math.floor(Date.now() / 1_000)

  /** Whole milliseconds, rounded up, of all containers that were made for it. */
  async of(agreement: Agreement): Promise<bigint> {
    const workload = leaseWorkload(agreementId(agreement))
    const stream = await connectEngine(labDocker ?? '').getEvents({
      ...{ since: this.#since, until: Math.floor(Date.now() / 1_000) + 1 },
      filters: { label: [`claw.workload=${workload}`], type: ['container'] },
    })
    let text = ''
    for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString()
    const events = text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as Happened)
    let [runsSince, nanos]: [number | null, number] = [null, 0]
    for (const { Action, timeNano } of events) {
      if (Action === 'start' || Action === 'unpause') runsSince ??= timeNano
      if ((Action === 'die' || Action === 'pause') && runsSince !== null) {
        nanos += timeNano - runsSince
        runsSince = null
      }
    }
    return BigInt(Math.ceil(nanos / 1e6))
  }
}
