/** The work that users submit: small and large, patient and urgent, of every temper. */
import type { Millis } from '../../../src/model/time.ts'
import type { Dice } from './dice.ts'
import type { Host } from './host.ts'
import type { Submission } from './submission.ts'

export interface RequestDeps {
  readonly dice: Dice
  readonly hosts: readonly Pick<Host, 'id'>[]
  /** How long it takes, in milliseconds. */
  readonly work: readonly Millis[]
}

const priorities = { low: 250, normal: 500, high: 750 } as const

export function submissionOf(number: number, earlier: readonly Submission[], deps: RequestDeps): Submission {
  const { dice, hosts } = deps
  const name = `job-${number}`
  const gpus = dice.pick([0, 0, 1, 1, 1, 2, 2, 3, 4])
  const priority = dice.pick(['low', 'normal', 'normal', 'high', 100, 900] as const)
  const request = {
    ...{ image: 'sim', name, gpus, priority, env: { ...behaviourOf(deps), SAVE: number % 2 === 0 ? '1200' : '0' } },
    ...(number % 3 === 0 ? { checkpoint: { signal: 'USR1', save: 2 } } : {}),
    stopGrace: dice.pick([0, 1, 3]),
    ...maybe(dice, 0.7, () => ({ onPartition: dice.pick(['continue', 'stop', 'stop', 'replace']) })),
    ...maybe(dice, 0.4, () => ({ restart: restartOf(dice) })),
    ...maybe(dice, 0.15, () => ({ timeout: dice.pick([2, 5, 9]) })),
    ...maybe(dice, 0.1, () => ({ node: dice.pick(hosts).id })),
    ...maybe(dice, earlier.length === 0 ? 0 : 0.2, () => ({
      [dice.pick(['after', 'afterOk', 'afterAny'])]: [dice.pick(earlier).name],
    })),
  }
  return {
    ...{ name, key: `key-${number}`, request, gpus },
    priority: typeof priority === 'string' ? priorities[priority] : priority,
    ...{ id: null, refused: null, isOver: false, stoppedAt: null },
  }
}

const maybe = (dice: Dice, share: number, parts: () => object): object => (dice.chance(share) ? parts() : {})

/** What the engine reads: how long it runs, how often it fails, when SIGTERM ends it, and with what. What saves also reads how long that takes. */
const behaviourOf = ({ dice, work }: RequestDeps): Readonly<Record<string, string>> => ({
  SPAN: String(dice.pick(work)),
  FAILS: String(dice.pick([0, 0, 0.3])),
  TERM: String(dice.pick([0, 500, 2_000, -1])),
  TERM_EXIT: String(dice.pick([143, 143, 0])),
})

const restartOf = (dice: Dice): object =>
  dice.pick([
    { policy: 'on-failure', maxRetries: 2, backoff: 1 },
    { policy: 'on-failure', maxRetries: 1, backoff: 0 },
    { policy: 'always', backoff: 2 },
  ])
