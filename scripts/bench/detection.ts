/**
 * How soon the others find out that a member is dead, and how often they think so of one that lives while the processor is starved.
 * Ten real daemons and ten agents of serf on loopback, in turn on the same machine.
 *
 *     node scripts/bench/run.mjs detection [rounds] [starved seconds] [busy processes for each core, as 4,32]
 *
 * CLAW_LAB_SERF names serf's program (scripts/lab/serf.sh); without it only the daemons are measured. Asking disturbs neither: a daemon
 * remembers since when it takes a peer for lost, and a line of serf's log is stamped when it comes.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { figure, quantile, round, spread } from './figures.ts'
import { clawbernetes, type Death, serf, type System } from './systems.ts'

const rounds = Number(process.argv[2] ?? 5)
const starvedMs = Number(process.argv[3] ?? 60) * 1_000
const busyPerCore = (process.argv[4] ?? '4,32').split(',').map(Number)
/** Verdicts still count so long after the processor is free again: a suspicion of that time may end in one. */
const aftermath = 15_000
const calm = 3_000

interface Samples {
  readonly system: System
  readonly first: number[]
  readonly all: number[]
  /** How often one that lived was taken for lost, by the one that came back or by others. */
  wrong: number
}

/** Both lose a member in turn, so that both meet the same machine. */
async function measureDeaths(systems: readonly System[], death: Death): Promise<void> {
  const samples = systems.map((system): Samples => ({ system, first: [], all: [], wrong: 0 }))
  for (let turn = 0; turn < rounds; turn += 1) for (const each of samples) await loseOne(each, turn, death)
  tellDelays(`${death}_until_first_knows`, samples, ({ first }) => first)
  tellDelays(`${death}_until_all_know`, samples, ({ all }) => all)
  // A process that was killed has forgotten what it counted.
  if (death === 'silence')
    for (const { system, wrong } of samples)
      figure('silence_false_verdicts', 'verdicts', { system: system.name, wrong, rounds })
}

async function loseOne(samples: Samples, turn: number, death: Death): Promise<void> {
  const { system, first, all } = samples
  const before = await system.verdicts()
  const { delays, restore } = await system.lose(turn % system.size, death)
  first.push(Math.min(...delays))
  all.push(Math.max(...delays))
  await restore()
  await system.whole()
  await sleep(calm)
  samples.wrong += (await system.verdicts()).lost - before.lost - (system.size - 1)
}

function tellDelays(name: string, samples: readonly Samples[], of: (samples: Samples) => readonly number[]): void {
  for (const each of samples) figure(name, 'ms', { system: each.system.name, ...spread(of(each)) })
  const [ours, theirs] = samples.map((each) => quantile(of(each), 0.5))
  if (ours !== undefined && theirs !== undefined)
    figure(`${name}_to_serf`, 'ratio of medians', { ratio: round(ours / theirs) })
}

let starving: ChildProcess | null = null

/**
 * Keeps all cores busy at normal priority. One shell starts them all, since we are starved ourselves from the first one on. None gets
 * more than this time, whatever becomes of us.
 */
function starve(perCore: number): void {
  const busy = `ulimit -t ${Math.ceil(starvedMs / 1_000)}; i=0; while [ $i -lt $0 ]; do (while :; do :; done) & i=$((i+1)); done; wait`
  const count = `${perCore * availableParallelism()}`
  starving = spawn('sh', ['-c', busy, count], { stdio: 'ignore', detached: true })
}

/** A group of their own, which ends as one. */
function endStarving(): void {
  if (starving?.pid !== undefined) process.kill(-starving.pid, 'SIGKILL')
  starving = null
}

/** With nothing else of ours on the machine. All members live, so every verdict is wrong; returns how many there were at each load. */
async function measureStarvation(system: System): Promise<readonly number[]> {
  const wrong: number[] = []
  for (const perCore of busyPerCore) {
    await system.whole()
    await sleep(calm)
    const before = await system.verdicts()
    starve(perCore)
    await sleep(starvedMs)
    endStarving()
    await sleep(aftermath)
    const after = await system.verdicts()
    wrong.push(after.lost - before.lost)
    figure('false_verdicts_while_starved', 'verdicts', {
      system: system.name,
      busyPerCore: perCore,
      seconds: starvedMs / 1_000,
      lost: after.lost - before.lost,
      suspicions: after.suspicions - before.suspicions,
    })
  }
  return wrong
}

const program = process.env['CLAW_LAB_SERF']
const systems = [clawbernetes(), ...(program === undefined ? [] : [serf(program)])]

async function end(): Promise<void> {
  endStarving()
  await Promise.all(systems.map((system) => system.stop()))
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    const exit = (): never => process.exit(1)
    end().then(exit, exit)
  })

try {
  for (const system of systems) await system.start()
  if (rounds > 0) for (const death of ['kill', 'silence'] as const) await measureDeaths(systems, death)
  for (const system of systems.slice(1)) await system.stop()
  const wrong: (readonly number[])[] = []
  for (const [at, system] of systems.entries()) {
    if (at > 0) await system.start()
    wrong.push(await measureStarvation(system))
    await system.stop()
  }
  const [ours, theirs] = wrong
  for (const [at, perCore] of busyPerCore.entries())
    if (theirs?.[at] !== undefined && theirs[at] > 0)
      figure('false_verdicts_to_serf', 'ratio', { busyPerCore: perCore, ratio: round((ours?.[at] ?? 0) / theirs[at]) })
} finally {
  await end()
}
