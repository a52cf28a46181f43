/** Every step with every fault, on one market: what one leaves behind, the next has to live with. */
import { eventually } from '../../mesh.ts'
import { untilAborted } from '../../until-aborted.ts'
import { MarketHosts } from '../market-hosts.ts'
import { played, type Told } from './cell.ts'
import { type FaultName, faultNames } from './faults.ts'
import { RunTimes } from './run-times.ts'
import { type Step, steps } from './steps.ts'

export interface Cell {
  readonly step: Step
  readonly fault: FaultName
}

export const allCells = (): readonly Cell[] => steps.flatMap((step) => faultNames.map((fault) => ({ step, fault })))

export interface Played {
  readonly told: readonly Told[]
  /** Cells that did not come to their end, with why. */
  readonly failed: readonly string[]
  /** Of all books together, at the end. */
  readonly problems: readonly string[]
}

/**
 * Starts a market, plays them one after the other, and compares all books with the lines of the witnesses. When `signal` ends, all of it is
 * taken down, and its reason thrown.
 */
export async function playCells(
  cells: readonly Cell[],
  say: (told: object) => void,
  signal: AbortSignal,
): Promise<Played> {
  const market = await MarketHosts.up()
  return untilAborted(
    signal,
    async () => {
      await market.join()
      return playedOn(market, cells, say)
    },
    () => market.down(),
  )
}

/** The same on a market that others have joined already. */
export async function playedOn(
  market: MarketHosts,
  cells: readonly Cell[],
  say: (told: object) => void,
): Promise<Played> {
  const [audit, ran] = [market.audit(), new RunTimes()]
  const [told, failed]: [Told[], string[]] = [[], []]
  for (const [number, { step, fault }] of cells.entries()) {
    const witness = market.witnesses.get(number % market.witnesses.daemons.length)
    try {
      const one = await played({ market, audit, ran, witness }, step, fault)
      told.push(one)
      say(one)
    } catch (error) {
      failed.push(`${step.name}, ${fault}: ${error instanceof Error ? error.message : String(error)}`)
      say({ failed: failed.at(-1) })
    }
  }
  return { told, failed, problems: await booksProblems(market, audit) }
}

interface Wallet {
  readonly balance: { readonly micro: string }
  readonly witnesses: { readonly agree: boolean } | null
}

/** Whose books say something else than the witnesses' lines. */
async function booksProblems(market: MarketHosts, audit: ReturnType<MarketHosts['audit']>): Promise<readonly string[]> {
  const { parties, buyer, lender, issuer } = market
  const problems: string[] = []
  for (const [daemon, party] of [
    [buyer, parties.buyer],
    [lender, parties.lender],
    [issuer, parties.issuer],
  ] as const)
    await eventually(
      `the books of ${daemon.name} are what the witnesses have`,
      60_000,
      () => daemon.json<Wallet>('molt', 'wallet'),
      ({ balance, witnesses }) => witnesses?.agree === true && balance.micro === String(audit.read().balanceOf(party)),
    ).catch((error: unknown) => problems.push(String(error)))
  return [...problems, ...audit.problems]
}
