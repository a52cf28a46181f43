/** Runs a simulation: forms the mesh, lets work arrive and things break, watches, and ends everything again. */
import { textHash } from '../../lib/text-hash.ts'
import { ClawError } from '../../model/failure.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Observed, WorkloadSeen } from '../../sim/observed.ts'
import { lastMoment, type Plan, planOf } from '../../sim/plan.ts'
import { reportOf, type SimReport } from '../../sim/report.ts'
import type { Progress, SimulationRequest } from '../../sim/simulation.ts'
import { seededRandom } from '../../simulation/world.ts'
import { Faults } from './faults.ts'
import { Fleet } from './fleet.ts'
import { formMesh } from './mesh.ts'
import { meshTime, type MeshTime } from './mesh-time.ts'
import { openNetwork } from './network.ts'
import { Submissions } from './submit.ts'
import { Watch, within } from './watch.ts'

const progressEvery: Millis = 500

/** Throws when the mesh does not form; what goes wrong later is in the report. */
export async function simulate(request: SimulationRequest): Promise<SimReport> {
  const { scenario, seed, trace, signal } = request
  const plan = planOf(scenario, trace, (purpose) => seededRandom(textHash(`${seed} ${purpose}`)))
  const network = openNetwork()
  const time = meshTime(scenario.speed)
  const notes: string[] = []
  const onLoss = (words: string): void => {
    notes.push(words)
    request.onEvent(words)
  }
  const alone = aloneIn(plan)
  const fleet = new Fleet({ scenario, version: request.version, network, pace: time.pace, alone, onLoss })
  const began = performance.now()
  try {
    const tell = teller(request, { fleet, plan, began })
    const stopTelling = tell('joining', null)
    try {
      await formMesh(fleet, plan.peers, { early: alone, signal })
    } finally {
      stopTelling()
    }
    const formedIn = performance.now() - began
    request.onEvent(`${plan.peers.length} peers form one mesh`)
    const observed = await work(request, plan, { fleet, network, time, tell })
    return reportOf(scenario, plan, seed, {
      ...observed,
      formedIn: Math.round(formedIn),
      notes: [...notes, ...observed.notes],
    })
  } finally {
    await fleet.close()
    await network.close()
  }
}

/** More voters than vote at a time, so that who takes the place of one that died can be killed as well. */
const likelyVoters = 7

/** Those that may be killed are each in a process of their own; where a leader may be, those that are likely to become one. */
function aloneIn({ peers, faults }: Plan): ReadonlySet<string> {
  const targets = faults.flatMap((fault) => (fault.kind === 'crash' ? [fault.target] : []))
  const voters = targets.includes('leader') ? peers.slice(0, likelyVoters) : []
  return new Set([...voters, ...targets.filter((target) => target !== 'leader')])
}

interface Around {
  readonly fleet: Fleet
  readonly network: ReturnType<typeof openNetwork>
  readonly time: MeshTime
  readonly tell: ReturnType<typeof teller>
}

async function work(request: SimulationRequest, plan: Plan, { fleet, network, time, tell }: Around): Promise<Observed> {
  const { signal, scenario } = request
  const startedAt = time.now()
  const over = new AbortController()
  const running = AbortSignal.any([signal, over.signal])
  const watch: Watch = new Watch({
    ...{ fleet, time, startedAt, signal: running },
    isCutOff: (peer) => faults.isCutOff(peer),
    onLeader: ({ leader, term }) => request.onEvent(`${leader} leads in term ${term}`),
  })
  const faults = new Faults({
    ...{ fleet, network, watch, time, startedAt, signal: running },
    onEvent: request.onEvent,
  })
  const submissions = new Submissions({ ...{ time, startedAt, signal: running }, someone: () => watch.someone() })
  const watching = watch.run()
  const stopTelling = tell('working', { watch, submissions })
  try {
    await Promise.all([submissions.run(plan.arrivals), faults.run(plan.faults)])
    await allEnded(watch, { time, deadline: startedAt + lastMoment(plan) + scenario.settle, signal: running })
  } finally {
    over.abort()
    stopTelling()
  }
  await watching
  const lasted = time.now() - startedAt
  const workloads = await workloadsAt(watch, signal.aborted)
  return {
    interrupted: signal.aborted,
    ...{ startedAt, formedIn: 0, lasted, workloads: workloads ?? [] },
    accepted: submissions.accepted,
    refused: submissions.refused,
    samples: watch.samples,
    leaders: watch.leaders,
    failovers: faults.failovers,
    faults: faults.seen,
    spreads: watch.spreads,
    losses: faults.losses,
    notes: [
      ...faults.notes,
      ...(workloads === null ? ['no peer told what had become of the work'] : []),
      ...(watch.unanswered > 0 ? [`${watch.unanswered} looks at the mesh got no answer in time`] : []),
    ],
  }
}

/** Ends when the mesh says that nothing waits or runs, or when the time is up. */
async function allEnded(
  watch: Watch,
  { time, deadline, signal }: { readonly time: MeshTime; readonly deadline: Instant; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted && time.now() < deadline) {
    const last = watch.samples.length
    await time.sleep(2_300, signal).catch(() => {})
    // Two looks in a row, at different peers.
    const fresh = watch.samples.slice(last)
    if (fresh.length >= 2 && fresh.every(({ running, pending }) => running + pending === 0)) return
  }
}

/** A mesh in trouble may take its time; whoever has pressed Ctrl-C does not want to wait. */
const listPatience: Millis = 30_000
const shortPatience: Millis = 3_000

/**
 * All workloads as the mesh has them now, or, where no majority can be asked, as one peer knows them; null when none tells. The run
 * is over, so its signal does not count any more.
 */
async function workloadsAt(watch: Watch, isInterrupted: boolean): Promise<readonly WorkloadSeen[] | null> {
  const { signal } = new AbortController()
  for (let tries = isInterrupted ? 1 : 4; tries > 0; tries -= 1) {
    try {
      const { api, certainApi } = watch.someone()
      const asked = tries > 1 ? certainApi : api
      const list = await within(isInterrupted ? shortPatience : listPatience, signal, (limited) =>
        asked.call('workload.list', { limit: 10_000 }, limited),
      )
      return list.map(seenOf)
    } catch (error) {
      if (!(error instanceof ClawError)) throw error
    }
  }
  return null
}

/** Why an attempt was not the last. */
interface Setback {
  readonly attempt: number
  readonly node: string
  readonly reason: string
}

/** What is read of a workload that a peer tells. */
interface Told extends Pick<WorkloadSeen, 'name' | 'state' | 'gpus' | 'priority'> {
  readonly submittedAt: string
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly attempt: number
  readonly history: readonly (Setback & { readonly startedAt: string | null })[]
  readonly rejections: readonly Setback[]
  readonly error: { readonly code: string } | null
}

function seenOf(workload: Told): WorkloadSeen {
  const { name, state, gpus, priority, submittedAt, startedAt, endedAt, attempt, history, rejections, error } = workload
  const first = [...history.map((each) => each.startedAt), startedAt].find((at) => at !== null) ?? null
  const when = (iso: string | null): Instant | null => (iso === null ? null : Date.parse(iso))
  return {
    ...{
      name,
      state,
      gpus,
      priority,
      attempts: attempt,
      setbacks: setbacksOf(history, rejections),
      error: error?.code ?? null,
    },
    submittedAt: Date.parse(submittedAt),
    firstStartedAt: when(first),
    endedAt: when(endedAt),
  }
}

/** Names of devices, workloads and placements have a letter and, later, a digit. */
const names = /\S*[a-z-]\S*\d\S*/gi

/** Without the names of what is involved, so that the same reason twice counts as the same. An attempt may be told in both lists. */
function setbacksOf(history: readonly Setback[], rejections: readonly Setback[]): readonly string[] {
  const told = new Map([...rejections, ...history].map((setback) => [setback.attempt, setback]))
  return [...told.values()].map(({ node, reason }) => reason.replaceAll(node, 'its node').replaceAll(names, '…'))
}

interface Telling {
  readonly fleet: Fleet
  readonly plan: Plan
  readonly began: number
}

/** Says every now and then how far it is; the function that it returns ends that. */
function teller({ onProgress }: SimulationRequest, { fleet, plan, began }: Telling) {
  return (
    phase: Progress['phase'],
    work: { readonly watch: Watch; readonly submissions: Submissions } | null,
  ): (() => void) => {
    const tell = (): void => {
      const sample = work?.watch.samples.at(-1)
      const up = fleet.up().length
      onProgress({
        phase: phase === 'joining' && fleet.peers.size === plan.peers.length ? 'starting' : phase,
        elapsed: performance.now() - began,
        peersUp: up,
        peers: phase === 'joining' ? plan.peers.length : fleet.peers.size,
        submitted: work?.submissions.handedIn ?? 0,
        planned: plan.arrivals.length,
        running: sample?.running ?? null,
        pending: sample?.pending ?? null,
        leader: work?.watch.leader ?? null,
      })
    }
    tell()
    const timer = setInterval(tell, progressEvery)
    return () => clearInterval(timer)
  }
}
