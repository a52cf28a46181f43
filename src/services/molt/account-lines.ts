/** All lines of any account, as a quorum of the witnesses has them together. Each proves itself; one that a witness keeps to itself, another has. */
import { keyOf } from '../../core/molt/books.ts'
import type { AccountLines } from '../../core/molt/verify.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Certificate } from '../../model/molt-line.ts'
import { minute } from '../../model/time.ts'
import { gather } from './gather.ts'
import type { ReadingDeps } from './reading.ts'
import { linesAt } from './teach.ts'

const patience = minute
/** Some 20 MiB, and seconds of checking. */
const mostKept = 10_000

/** Throws NO_QUORUM, TOO_LARGE for an account with more than ten thousand lines, and the signal's reason. */
export async function accountLines(deps: ReadingDeps, account: string, signal: AbortSignal): Promise<AccountLines> {
  const { network } = deps
  const [sent, received] = [new Map<string, Certificate>(), new Map<string, Certificate>()]
  const collect = async (
    { witness, which }: { readonly witness: NodeId; readonly which: 'sent' | 'received' },
    into: Map<string, Certificate>,
    asking: AbortSignal,
  ): Promise<void> => {
    for await (const line of linesAt(deps, witness, { account, which, from: 1 }, asking)) {
      into.set(keyOf(line.order.spend), line)
      if (into.size > mostKept) return
    }
  }
  const told = await gather<true>(
    { ...deps, witnesses: network.witnesses },
    {
      ask: async (witness, asking) => {
        await collect({ witness, which: 'received' }, received, asking)
        await collect({ witness, which: 'sent' }, sent, asking)
        return true
      },
      isEnough: ({ size }) => size >= network.quorum,
      patience,
    },
    signal,
  )
  const [answered, needed] = [told.size, network.quorum]
  if (answered < needed) throw new ClawError('NO_QUORUM', { what: 'the lines of an account', answered, needed })
  if (sent.size > mostKept || received.size > mostKept)
    throw new ClawError('TOO_LARGE', { what: `Account ${account}`, limit: mostKept * 2_048 })
  const inOrder = [...sent.values()].toSorted((a, b) => a.order.spend.sequence - b.order.spend.sequence)
  return { sent: inOrder, received: [...received.values()] }
}
