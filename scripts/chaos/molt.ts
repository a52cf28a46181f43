/**
 * "npm run chaos:molt": at every step of a lease between strangers, one after the other the provider is killed, the buyer, the leader of
 * the provider's mesh, and a witness. Prints each as a JSON line and the counts at the end; ends with 1 when credit was made or lost,
 * somebody lost more than one interval, or an account stayed open. Takes root and an engine of the lab.
 * "npm run chaos:molt -- FIRST COUNT" plays that many of the cells, from that one on. Interrupted, it takes its hosts down; twice, it does not.
 */
import { allCells, playCells } from '../../test/support/molt/crash/matrix.ts'

const [first = 0, count = Infinity] = process.argv.slice(2).map(Number)
const cells = allCells().slice(first, first + count)
const say = (told: object): void => console.log(JSON.stringify(told))
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    say({ interrupted: signal })
    interrupted.abort(new Error(`interrupted by ${signal}`))
  })
const { told, failed, problems } = await playCells(cells, say, interrupted.signal).catch((error: unknown) => {
  if (!interrupted.signal.aborted) throw error
  // What was going on has lost its hosts, and would go on complaining.
  return process.exit(130)
})
const most = (of: 'unpaid' | 'overpaid' | 'given', among = told): string =>
  String(among.map((one) => BigInt(one[of])).reduce((largest, one) => (one > largest ? one : largest), 0n))
say({
  ...{ cells: cells.length, closed: told.length, struck: told.filter(({ struck }) => struck).length },
  diedAtTheRecord: told.filter(({ past }) => past === 0).length,
  diedLater: told.filter(({ past }) => past !== null && past > 0).length,
  ...{ mostUnpaidMicro: most('unpaid'), mostOverpaidMicro: most('overpaid') },
  mostGivenMicro: most(
    'given',
    told.filter(({ fault }) => fault !== 'provider killed'),
  ),
  mostGivenByDeadProviderMicro: most('given'),
  longestSeconds: Math.max(0, ...told.map(({ seconds }) => seconds)),
  ...{ failed, problems, withProblems: told.filter((one) => one.problems.length > 0).length },
})
process.exitCode =
  failed.length === 0 && problems.length === 0 && told.every((one) => one.problems.length === 0) ? 0 : 1
