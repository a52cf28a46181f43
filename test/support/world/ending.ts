/** How a run has to end: everything that was acknowledged is over, or waits for what this mesh has not got, and all peers agree. */
import { joined } from '../../../src/lib/slices.ts'
import { crc32c } from '../../../src/lib/crc32.ts'
import type { Workload } from '../../../src/model/workload.ts'
import { isTerminal } from '../../../src/model/workload.ts'
import type { Daemon, Host } from './host.ts'
import type { Submission } from './submission.ts'
import type { Watch } from './watch.ts'

export interface EndingDeps {
  readonly hosts: readonly Host[]
  readonly submissions: readonly Submission[]
  readonly watch: Watch
}

type Known = ReadonlyMap<string, Workload>

export class Ending {
  readonly #deps: EndingDeps

  constructor(deps: EndingDeps) {
    this.#deps = deps
  }

  /** Submissions that are neither over nor waiting for good. */
  open(): readonly Submission[] {
    const known = this.#known()
    return this.#deps.submissions.filter((submission) => this.#isOpen(submission, known))
  }

  /** Those that would go on for ever if nobody stopped them, whether or not their users heard that they were taken. */
  endless(): readonly Submission[] {
    const known = this.#known()
    return this.#deps.submissions.filter(({ name }) => {
      const workload = known.get(name)
      return workload?.spec.restart?.policy === 'always' && !isTerminal(workload.state)
    })
  }

  entries(): number {
    return this.#best()?.machine.state.index ?? 0
  }

  demandEnds(): void {
    const open = this.open()
    if (open.length > 0) this.#deps.watch.violate('everything acknowledged ends', this.#describe(open))
    for (const submission of this.#deps.submissions) this.#judgeStop(submission)
    const names = Array.from(this.#best()?.machine.state.workloads.values() ?? [], ({ name }) => name)
    const twice = names.find((name, at) => names.indexOf(name) !== at)
    if (twice !== undefined) this.#deps.watch.violate('a submission is taken once', `${twice} became two workloads`)
  }

  /** All peers have caught up, and nothing runs any more. */
  isQuiet(): boolean {
    return this.#behind().length === 0 && this.#astray().length === 0
  }

  demandQuiet(): void {
    const { watch, hosts } = this.#deps
    const [behind, astray] = [this.#behind(), this.#astray()]
    if (behind.length > 0) watch.violate('all peers catch up', `${behind.join(', ')} of ${this.entries()}`)
    if (astray.length > 0) watch.violate('nothing runs astray', astray.join(', '))
    for (const { id, daemon } of hosts)
      if (daemon?.machine.state.index === this.entries())
        watch.stood(id, this.entries(), crc32c(joined(daemon.machine.snapshot())))
  }

  #behind(): readonly string[] {
    const index = this.entries()
    return this.#deps.hosts.flatMap(({ id, daemon }) => {
      if (daemon?.isUp !== true) return [`${id} is down`]
      return daemon.machine.state.index === index ? [] : [`${id} is at ${daemon.machine.state.index}`]
    })
  }

  #astray(): readonly string[] {
    const running = this.#deps.watch.executions.filter(({ endedAt }) => endedAt === null)
    return running.map(({ placement, node }) => `${placement} on ${node}`)
  }

  /** The daemon that has seen most. */
  #best(): Daemon | null {
    let best: Daemon | null = null
    for (const { daemon } of this.#deps.hosts)
      if (daemon?.isUp === true && daemon.machine.state.index > (best?.machine.state.index ?? -1)) best = daemon
    return best
  }

  #known(): Known {
    const workloads = this.#best()?.machine.state.workloads.values() ?? []
    return new Map(Array.from(workloads, (workload) => [workload.name, workload]))
  }

  #isOpen(submission: Submission, known: Known): boolean {
    const workload = known.get(submission.name)
    if (submission.id !== null && workload === undefined) return true
    if (workload === undefined) return !submission.isOver
    return !isTerminal(workload.state) && !this.#waitsForGood(submission, known)
  }

  /** It asks for more than there is, or waits for what does, and the mesh says why. */
  #waitsForGood(submission: Submission, known: Known): boolean {
    const best = this.#best()
    const workload = known.get(submission.name)
    if (best === null || workload?.state !== 'pending') return false
    const { node } = workload.spec
    const allowed = this.#deps.hosts.filter(({ id }) => node === undefined || node === id)
    const isTooLarge = allowed.every(({ gpus }) => gpus.length < submission.gpus)
    const isStuck = isTooLarge || this.#dependenciesOf(workload).some((other) => this.#waitsForGood(other, known))
    return isStuck && best.context.explain(workload) !== null
  }

  #dependenciesOf({ spec }: Workload): readonly Submission[] {
    const ids = new Set((spec.dependencies ?? []).map(({ workload }) => workload))
    return this.#deps.submissions.filter(({ id }) => id !== null && ids.has(id))
  }

  /** After an acknowledged request to stop it, nothing but what was current is run. */
  #judgeStop({ id, name, stoppedAt }: Submission): void {
    if (id === null || stoppedAt === null) return
    const later = this.#deps.watch.executionsOf(id).find(({ attempt }) => attempt > stoppedAt)
    if (later !== undefined)
      this.#deps.watch.violate('what was stopped stays stopped', `${name}: ${later.placement} after ${stoppedAt}`)
  }

  #describe(open: readonly Submission[]): string {
    const best = this.#best()
    const known = this.#known()
    const words = open.slice(0, 4).map(({ name, id, request }) => {
      const workload = known.get(name)
      if (workload === undefined) return `${name} is unknown (acknowledged as ${id ?? 'nothing'})`
      const { state, attempt, placement } = workload
      const where = placement === null ? 'nowhere' : `${placement.state} on ${placement.node}`
      const why = best?.context.explain(workload) ?? 'nothing stands in its way'
      return `${name} ${JSON.stringify(request)} is ${state}, attempt ${attempt}, ${where}: ${why}`
    })
    return words.join('; ')
  }
}
