/** People who submit work and who run the mesh: through random peers, again after a failure that may pass, and remembering what they were told. */
import { ClawError } from '../../../src/model/failure.ts'
import { workloadId } from '../../../src/model/ids.ts'
import { callerOf } from '../../../src/operations/caller.ts'
import type { Millis } from '../../../src/model/time.ts'
import { isTerminal } from '../../../src/model/workload.ts'
import type { World } from '../../../src/simulation/world.ts'
import type { Dice } from './dice.ts'
import type { Daemon, Host } from './host.ts'
import { submissionOf } from './requests.ts'
import type { Submission } from './submission.ts'
import type { Watch } from './watch.ts'

export interface UsersDeps {
  readonly world: World
  readonly dice: Dice
  readonly hosts: readonly Host[]
  readonly watch: Watch
  /** How long work takes, in milliseconds. */
  readonly work: readonly Millis[]
  /** Whether people give a reason when they stop something: not all builds know it. */
  readonly saysWhy: boolean
}

/** After these a user tries again. */
const passing = ['NO_LEADER', 'DEADLINE_EXCEEDED', 'NODE_UNREACHABLE', 'RATE_LIMITED', 'DISK_FULL']
/** Longer than any operation waits by itself. */
const patience: Millis = 26_000
/** More than a small mesh can run in the time that there is. */
const mostSubmissions = 14
const caller = callerOf({ kind: 'socket' })

type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly code: string }

export class Users {
  readonly submissions: Submission[] = []
  readonly #deps: UsersDeps
  readonly #byName = new Map<string, Submission>()
  operations = 0
  reads = 0

  constructor(deps: UsersDeps) {
    this.#deps = deps
  }

  submission(name: string): Submission | null {
    return this.#byName.get(name) ?? null
  }

  /** Submits one workload, and repeats that with the same key until there is an answer. */
  submit(): void {
    if (this.submissions.length >= mostSubmissions) return
    const submission = submissionOf(this.submissions.length, this.submissions, this.#deps)
    this.submissions.push(submission)
    this.#byName.set(submission.name, submission)
    this.#persist(submission)
  }

  #persist(submission: Submission): void {
    const { world, dice, watch } = this.#deps
    this.#ask('workload.run', { ...submission.request, idempotencyKey: submission.key }, (answer, daemon) => {
      if (answer.ok) {
        submission.id = workloadId((answer.value as { readonly id: string }).id)
        submission.isOver = true
        this.#mustKnow(submission, daemon)
      } else if (passing.includes(answer.code)) world.after(dice.between(50, 1_500), () => this.#persist(submission))
      else {
        submission.refused = answer.code
        submission.isOver = true
        // Nobody else uses the name: it can only be taken by the same submission, done twice.
        if (answer.code === 'NAME_TAKEN') watch.violate('a submission is taken once', submission.name)
      }
    })
  }

  /** Who acknowledges a submission has it. */
  #mustKnow({ name, id }: Submission, daemon: Daemon | null): void {
    if (id === null || daemon === null || daemon.control.state.workloads.has(id)) return
    this.#deps.watch.violate('nothing acknowledged is lost', `${name} is not at the peer that took it`)
  }

  /** Looks at something that was acknowledged. A peer may say that it cannot know, never that there is no such thing. */
  read(): void {
    const known = this.submissions.filter(({ id }) => id !== null)
    if (known.length === 0) return
    const { name, id } = this.#deps.dice.pick(known)
    this.#ask('workload.info', { workload: id }, (answer) => {
      if (answer.ok) this.reads += 1
      else if (answer.code === 'WORKLOAD_NOT_FOUND')
        this.#deps.watch.violate('what was acknowledged is never denied', name)
    })
  }

  /** Does what people do to a mesh that is in use. */
  meddle(): void {
    const { dice, hosts } = this.#deps
    const node = dice.pick(hosts).id
    const running = this.submissions.filter(({ id }) => id !== null)
    const workload = running.length === 0 ? null : dice.pick(running)
    const draw = dice.next()
    this.operations += 1
    if (draw < 0.1) this.#ask('node.cordon', { node })
    else if (draw < 0.3) this.#ask('node.uncordon', { node })
    else if (draw < 0.42) this.#ask('node.drain', { node, ...(dice.chance(0.3) ? { grace: 1 } : {}) })
    else if (draw < 0.55) this.#ask('node.undrain', { node })
    else if (draw < 0.67) this.#ask('gateway.transfer', {})
    else if (workload !== null && draw < 0.85)
      this.#ask('workload.migrate', { workload: workload.name, ...(dice.chance(0.5) ? { to: node } : {}) })
    else if (workload !== null) this.stop(workload, dice.chance(0.3))
  }

  /** Stops any workload that was acknowledged. */
  stopSome(): void {
    const known = this.submissions.filter(({ id }) => id !== null)
    if (known.length > 0) this.stop(this.#deps.dice.pick(known), false)
  }

  /** Asks for the end of a workload, and remembers which attempt was to end. */
  stop(submission: Submission, force: boolean): void {
    const why = this.#deps.saysWhy && this.#deps.dice.chance(0.5) ? { reason: 'enough' } : {}
    this.#ask('workload.stop', { workload: submission.id ?? submission.name, force, ...why }, (answer, daemon) => {
      if (!answer.ok || submission.id === null || daemon === null) return
      const workload = daemon.control.state.workloads.get(submission.id)
      if (workload !== undefined && !isTerminal(workload.state)) submission.stoppedAt ??= workload.attempt
    })
  }

  /** Opens all nodes again. */
  open(): void {
    for (const { id: node } of this.#deps.hosts) this.#ask('node.uncordon', { node })
  }

  #ask(operation: string, input: object, then: (answer: Answer, daemon: Daemon | null) => void = () => {}): void {
    const { world, dice, hosts } = this.#deps
    const host = dice.pick(hosts)
    const { daemon } = host
    if (daemon?.isUp !== true || host.isPaused) return then({ ok: false, code: 'NODE_UNREACHABLE' }, null)
    const late = new AbortController()
    let isAnswered = false
    const answer = (given: Answer, by: Daemon | null): void => {
      if (isAnswered) return
      isAnswered = true
      cancel()
      then(given, by)
    }
    const watch = (): void => {
      if (host.daemon !== daemon) answer({ ok: false, code: 'NODE_UNREACHABLE' }, null)
      else if (!isAnswered) world.after(500, watch)
    }
    // Who loses the connection learns of it.
    world.after(500, watch)
    const cancel = world.after(patience, () => {
      // The user hangs up. A dead daemon does not even notice.
      if (host.daemon === daemon) late.abort()
      answer({ ok: false, code: 'DEADLINE_EXCEEDED' }, null)
    })
    daemon.operations.invoke(operation, input, { caller, signal: late.signal }).then(
      // A process that is stopped or dead answers nobody.
      (value) => {
        if (host.daemon === daemon && !host.isPaused) answer({ ok: true, value }, daemon)
      },
      (error: unknown) => {
        if (error instanceof ClawError) answer({ ok: false, code: (error as ClawError).code }, daemon)
        else if (!late.signal.aborted) this.#deps.watch.bug(host.id, error)
      },
    )
  }
}
