/**
 * Committed placements a second: from a full queue until all GPUs of the mesh are given, every placement on the disks of a majority
 * of three voters. Each voter is a process of its own with what a daemon has on this way: journal with fsync, libp2p on loopback, consensus, control,
 * gateway, log, metrics. Simulated are the other nodes: they stand in the state and count as alive, but no process follows the log
 * or claims anything there. The queue is filled before the clock runs.
 *
 *     node scripts/bench/run.mjs placements [rounds] [nodes] [workloads]
 *
 * TMPDIR says which disk is measured. CLAW_BENCH_PROFILE names a folder for a CPU profile of the leader, of the measured time only.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bareFsyncs } from './bare-fsync.ts'
import { figure, quantile, round, spread } from './figures.ts'
import type { Asked, Measured, Told, VoterAddress } from './placements-voter.ts'
import { runVoter } from './placements-voter.ts'

const gpusOfANode = 8

class Voter {
  readonly #child: ChildProcess
  readonly #log: string

  constructor(directory: string, name: string) {
    this.#log = join(directory, `${name}.log`)
    const file = openSync(this.#log, 'a')
    const program = process.argv[1] ?? ''
    this.#child = fork(program, ['voter', join(directory, name)], { stdio: ['ignore', file, file, 'ipc'] })
  }

  /** What it says next, which must be of that kind. */
  async told<T extends Told['type']>(type: T): Promise<Extract<Told, { readonly type: T }>> {
    const ended = new AbortController()
    const next = once(this.#child, 'message', ended) as Promise<[Told]>
    const gone = once(this.#child, 'exit', ended).then(() => {
      throw new Error(`a voter ended:\n${readFileSync(this.#log, 'utf8').slice(-2_000)}`)
    })
    const [told] = await Promise.race([next, gone])
    ended.abort()
    await Promise.allSettled([next, gone])
    if (told.type !== type) throw new Error(`${type} was to come, not ${told.type}`)
    return told as Extract<Told, { readonly type: T }>
  }

  ask(asked: Asked): void {
    this.#child.send(asked)
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

interface Load {
  readonly nodes: number
  readonly workloads: number
}

async function measure(directory: string, { nodes, workloads }: Load): Promise<Measured> {
  const voters = ['one', 'two', 'three'].map((name) => new Voter(directory, name))
  try {
    const group: VoterAddress[] = await Promise.all(voters.map((voter) => voter.told('ready')))
    for (const voter of voters) voter.ask({ type: 'join', group })
    const roles = await Promise.all(voters.map((voter) => voter.told('role')))
    const leader = voters[roles.findIndex(({ leads }) => leads)]
    if (leader === undefined) throw new Error('nobody leads')
    leader.ask({ type: 'fill', nodes, gpus: gpusOfANode, workloads })
    await leader.told('filled')
    leader.ask({ type: 'place', until: Math.min(workloads, nodes * gpusOfANode) })
    const measured = await leader.told('placed')
    const digests = await Promise.all(
      voters.map((voter) => {
        voter.ask({ type: 'digest', at: measured.index })
        return voter.told('digest')
      }),
    )
    if (new Set(digests.map(({ placements }) => placements)).size !== 1)
      throw new Error('the voters do not hold the same placements')
    return measured
  } finally {
    await Promise.all(voters.map((voter) => voter.end()))
  }
}

async function run(rounds: number, load: Load): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'claw-placements-'))
  try {
    const all: Measured[] = []
    for (let i = 0; i < rounds; i += 1) {
      figure('bare_fsync', 'fsyncs/s', { perSecond: round(bareFsyncs(directory)) })
      const folder = join(directory, `round-${i}`)
      mkdirSync(folder)
      const measured = await measure(folder, load)
      all.push(measured)
      const { placements, took, latencies, plans, refused, busy, cpu } = measured
      const rate = round((placements * 1_000) / took)
      figure('committed_placements', 'placements/s', { ...load, simulated: 'nodes', placements, perSecond: rate })
      figure('committed_placement_latency', 'ms', { ...spread(latencies), from: 'plan', to: 'applied by the leader' })
      figure('placement_plans', 'ms', {
        ...spread(plans),
        sum: round(plans.reduce((a, b) => a + b, 0)),
        took: round(took),
      })
      figure('placing_leader_cpu', 'ms/placement', { each: round(cpu / placements), busy: round(busy), refused })
    }
    const rates = all.map(({ placements, took }) => (placements * 1_000) / took)
    const best = round(Math.max(...rates))
    figure('committed_placements_of_all', 'placements/s', { rounds, median: round(quantile(rates, 0.5)), best })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const [first, second, third] = process.argv.slice(2)
if (first === 'voter') await runVoter(second ?? '')
else await run(Number(first ?? 3), { nodes: Number(second ?? 500), workloads: Number(third ?? 20_000) })
