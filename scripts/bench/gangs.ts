/**
 * Gang admissions a second: from the replicated state to the next one, on one core. Twenty namespaces of different weights with quotas, some of which borrow;
 * 1,000 nodes with 8 GPUs in racks of 16; 15,000 workloads wait, in gangs of 2 to 8 parts with 1 to 4 GPUs each. Every round makes a
 * snapshot, plans, applies what was planned, and ends as many running gangs as there is need for, as their nodes would report it.
 *
 *     node scripts/bench/run.mjs gangs [gangs]
 */
import { performance } from 'node:perf_hooks'
import { plan } from '../../src/core/scheduler/plan.ts'
import { NodeViews } from '../../src/core/scheduler/node-views.ts'
import { snapshotOf } from '../../src/core/scheduler/snapshot.ts'
import { Stock } from '../../src/core/scheduler/stock.ts'
import type { Decision } from '../../src/core/scheduler/types.ts'
import { defaultScheduling } from '../../src/core/scheduler/types.ts'
import { partsOf } from '../../src/core/state/groups.ts'
import type { GroupId } from '../../src/model/ids.ts'
import { nodeId } from '../../src/model/ids.ts'
import { noQuota } from '../../src/model/namespace.ts'
import { admit, Book, found, inventory, newMember, submit, token } from '../../test/support/control-samples.ts'
import { figure, quantile, round } from './figures.ts'

const wanted = Number(process.argv[2] ?? 5_000)
const waiting = 15_000
const nodes = Array.from({ length: 1_000 }, (_, i) => nodeId(`node-${i}`))

const alive = () => ({ liveness: 'alive', failed: none, hot: none, diskFreeMib: null }) as const
const none: ReadonlySet<string> = new Set()

function meshOfAThousand(): Book {
  const book = new Book()
  for (const [i, node] of nodes.entries()) {
    if (i === 0) book.run(found(node))
    else {
      book.run(token(`t-${node}`))
      book.run(admit(`t-${node}`, newMember(node, { labels: { rack: `rack-${i >> 4}`, zone: `zone-${i >> 8}` } })))
    }
    book.run({ type: 'report-inventory', node, inventory: inventory(node, 8, { cpuCores: 256, memoryMib: 2_097_152 }) })
  }
  for (let i = 0; i < 20; i += 1) {
    const quota = { ...noQuota, gpus: 250 + 20 * i }
    book.run({ type: 'create-namespace', name: `team-${i}`, quota, weight: 1 + (i % 4), borrow: i % 3 === 0 })
  }
  return book
}

let made = 0
function submitGang(book: Book): number {
  const count = 2 + ((made * 7) % 7)
  const id = `wl-${made}`
  const priority = [250, 500, 500, 500, 750][made % 5]
  const gpus = { count: 1 + ((made * 3) % 4), model: 'H100' }
  book.run(submit(id, { namespace: `team-${made % 20}`, priority, gpus, parts: { count, gang: true } }, `gang-${made}`))
  made += 1
  return count
}

function end(book: Book, group: GroupId): void {
  for (const { placement } of partsOf(book.state, group)) {
    if (placement === null) continue
    const { id, node } = placement
    book.run({ type: 'claim', placement: id, node })
    book.run({ type: 'report-ended', placement: id, node, endedAt: book.state.at, exitCode: 0, error: null })
  }
  book.run({ type: 'prune', workloads: partsOf(book.state, group).map((part) => part.id) })
}

const book = meshOfAThousand()
const fill = (): void => {
  while (book.state.pending.size < waiting) submitGang(book)
}
fill()

const views = new NodeViews()
const stock = new Stock()
const running: GroupId[] = []
const rounds: number[] = []
let admitted = 0
let spent = 0
while (admitted < wanted) {
  const begun = performance.now()
  const snapshot = snapshotOf(book.state, alive, book.state.at + 1_000, { views })
  const placed = plan(snapshot, defaultScheduling, stock).filter(isGang)
  for (const { group, attempt, places } of placed)
    book.run({ type: 'place-gang', group, attempt, places }, { at: snapshot.at })
  const took = performance.now() - begun
  spent += took
  rounds.push(took)
  admitted += placed.length
  running.push(...placed.map(({ group }) => group))
  // Not on the clock: what has run makes room, and others come.
  const leaving = placed.length === 0 ? running.length >> 1 : Math.max(0, running.length - 400)
  for (const group of running.splice(0, leaving)) end(book, group)
  fill()
}

function isGang(decision: Decision): decision is Extract<Decision, { readonly decision: 'place-gang' }> {
  return decision.decision === 'place-gang'
}

figure('gang admissions', '1/s', {
  nodes: nodes.length,
  waiting,
  gangs: admitted,
  rate: round((admitted / spent) * 1_000),
  roundMs: { p50: round(quantile(rounds, 0.5)), p99: round(quantile(rounds, 0.99)) },
  perRound: round(admitted / rounds.length),
})
