/**
 * How long the event loop stands still while a state of many workloads is written as a snapshot and taken over, in slices and, beside
 * it, in one piece. `npm run bench -- state-snapshot [workloads] [rounds]`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { openDisk } from '../../src/adapters/disk/disk.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { snapshot } from '../../src/core/state/snapshot.ts'
import { restore } from '../../src/core/state/restore.ts'
import type { State } from '../../src/core/state/state.ts'
import { crc32c } from '../../src/lib/crc32.ts'
import { workloadId } from '../../src/model/ids.ts'
import { silent } from '../../src/ports/log.ts'
import { pauseOf } from '../../src/services/consensus/pause.ts'
import { RaftStore } from '../../src/services/consensus/raft-store.ts'
import { ReadyStates } from '../../src/services/consensus/ready-states.ts'
import { ReplicatedState } from '../../src/services/control/replicated-state.ts'
import { ada, meshOf, submit } from '../../test/support/control-samples.ts'
import { FakeMetrics } from '../../test/support/fake-metrics.ts'
import { figure, round, spread } from './figures.ts'

const workloads = Number(process.argv[2] ?? 100_000)
const rounds = Number(process.argv[3] ?? 5)

/** As many workloads that wait, each with an object of its own. */
function filled(): ReplicatedState {
  const machine = new ReplicatedState({ log: silent, metrics: new FakeMetrics() })
  const book = meshOf([ada])
  book.run(submit('template', {}, 'template'))
  const template = book.state.workloads.get(workloadId('template'))
  if (template === undefined) throw new Error('the template was refused')
  Object.assign(machine.state, book.state satisfies State)
  for (let i = 0; i < workloads; i += 1) {
    const id = workloadId(`wl-${i}`)
    machine.state.workloads.set(id, { ...template, id, name: `work-${i}`, spec: { ...template.spec } })
  }
  return machine
}

/** The longest time that a timer of a millisecond was late, and how long all of it took, ms. */
async function watched(work: () => Promise<unknown>): Promise<{ readonly stall: number; readonly took: number }> {
  const start = performance.now()
  let [last, stall] = [start, 0]
  const look = (): void => {
    const now = performance.now()
    stall = Math.max(stall, now - last - 1)
    last = now
  }
  const timer = setInterval(look, 1)
  await work()
  await new Promise((resolve) => setTimeout(resolve, 5))
  clearInterval(timer)
  return { stall, took: performance.now() - start }
}

const folder = await mkdtemp(join(tmpdir(), 'state-snapshot-'))
const pause = pauseOf(systemClock, new AbortController().signal)
const store = new RaftStore(await openDisk(folder), silent, pause)
const source = filled()
const base = { index: 1, term: 1, voters: [ada] }
const bytes = snapshot(source.state)

const works: readonly (readonly [name: string, work: () => Promise<unknown>])[] = [
  ['written in one piece', () => Promise.resolve(crc32c(snapshot(source.state)))],
  ['written in slices', () => store.writeSnapshot(base, source.snapshot())],
  ['taken over in one piece', () => Promise.resolve(crc32c(bytes) + restore(bytes).index)],
  [
    'taken over in slices',
    async () => {
      const target = new ReplicatedState({ log: silent, metrics: new FakeMetrics() })
      const read = await store.readSnapshot()
      if (read === null) throw new Error('there is no snapshot')
      const states = new ReadyStates(target, pause)
      await states.prepare(read.data)
      states.takeOver(read.data, read.index)
    },
  ],
]
for (const [name, work] of works) {
  const runs: { readonly stall: number; readonly took: number }[] = []
  for (let i = 0; i < rounds; i += 1) runs.push(await watched(work))
  const facts = { workloads, mib: round(bytes.length / 2 ** 20) }
  figure(`a state ${name}: longest stall`, 'ms', { ...facts, ...spread(runs.map(({ stall }) => stall)) })
  figure(`a state ${name}: all of it`, 'ms', { ...facts, ...spread(runs.map(({ took }) => took)) })
}
await rm(folder, { recursive: true })
