/** What the agent relies on. Every executor passes all of it, but for what its abilities say it cannot do. */
import { afterEach, beforeEach, describe } from 'vitest'
import { adoptionOfATask } from './executor-adoption.ts'
import { Bench } from './executor-bench.ts'
import type { ExecutorAbilities, ExecutorRig } from './executor-bench.ts'
import { execInATask } from './executor-exec.ts'
import { lifeOfATask } from './executor-life.ts'
import { logsOfATask } from './executor-logs.ts'
import { pausesOfATask } from './executor-pause.ts'
import { secretsOfATask } from './executor-secrets.ts'
import { signalsOfATask } from './executor-signals.ts'

export type { ExecutorAbilities, ExecutorRig } from './executor-bench.ts'

export function executorConformance(
  name: string,
  makeRig: () => Promise<ExecutorRig>,
  abilities: ExecutorAbilities,
): void {
  describe(`${name} executor`, () => {
    let open: Bench | null = null
    const bench = (): Bench => {
      if (open === null) throw new Error('no bench outside of a test')
      return open
    }

    beforeEach(async () => {
      open = await Bench.open(await makeRig(), abilities)
    })
    afterEach(async () => {
      await bench().close()
      open = null
    })

    lifeOfATask(bench, abilities)
    logsOfATask(bench)
    signalsOfATask(bench, abilities)
    pausesOfATask(bench)
    execInATask(bench, abilities)
    adoptionOfATask(bench, abilities)
    secretsOfATask(bench, abilities)
  })
}
