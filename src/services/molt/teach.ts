/** Shows a witness lines that it lacks. Every line proves itself, so it does not matter who shows it. */
import type { Network } from '../../core/molt/network.ts'
import { finalPhase, finalProblem, isCertified, spendHash } from '../../core/molt/spend.ts'
import { isClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import type { Certificate, Spend } from '../../model/molt-line.ts'
import type { Rpc } from '../../ports/rpc.ts'
import type { Verifier } from '../../ports/signer.ts'
import type { LinesRequest, SettleAnswer } from '../../wire/molt-witness.ts'
import { mostLines, readLines, settleLines } from '../../wire/molt-witness.ts'

export interface TeachDeps {
  readonly network: Network
  readonly verifier: Verifier
  readonly rpc: Pick<Rpc, 'call'>
}

/** Whether a line counts: the right phase, signed by a quorum, and by the right of whoever may. */
export const isFinal = (line: Certificate, deps: Pick<TeachDeps, 'network' | 'verifier'>): boolean =>
  line.phase === finalPhase(line.order.spend.account) &&
  isCertified(line, deps) &&
  finalProblem(line.order, deps) === null

/** Pages through lines that a witness has, as far as they are true. */
export async function* linesAt(
  deps: TeachDeps,
  witness: NodeId,
  asked: LinesRequest,
  signal: AbortSignal,
): AsyncGenerator<Certificate> {
  for (let { from } = asked; ;) {
    signal.throwIfAborted()
    const { lines, count } = await deps.rpc.call(witness, readLines, { ...asked, from }, signal)
    for (const line of lines) if (isAbout(asked, line.order.spend) && isFinal(line, deps)) yield line
    from += lines.length
    if (lines.length === 0 || from > count) return
  }
}

const isAbout = ({ account, which }: LinesRequest, spend: Spend): boolean =>
  which === 'sent' ? spend.account === account : spend.outputs.some(({ to }) => to === account)

/** Shows it lines of one account, in their order. What the last answer was. */
export async function show(
  { rpc }: TeachDeps,
  witness: NodeId,
  lines: readonly Certificate[],
  signal: AbortSignal,
): Promise<SettleAnswer> {
  let answer: SettleAnswer = { settled: 0, refusal: null, sequence: 0 }
  for (let at = 0; at < lines.length && answer.refusal === null; at += mostLines)
    answer = await rpc.call(witness, settleLines, { lines: lines.slice(at, at + mostLines) }, signal)
  return answer
}

/** Shows it one line, and whatever of its account comes before, which others are asked for. Whether it has it now. */
export async function showWhole(
  deps: TeachDeps,
  witness: NodeId,
  line: Certificate,
  signal: AbortSignal,
): Promise<boolean> {
  const first = await show(deps, witness, [line], signal)
  if (first.refusal === null) return true
  if (first.refusal !== 'ahead') return false
  const { account, sequence } = line.order.spend
  for (const other of deps.network.witnesses) {
    if (other === witness) continue
    const missing = await chainAt(deps, other, { account, from: first.sequence + 1, to: sequence - 1 }, signal)
    if (missing.length !== sequence - 1 - first.sequence) continue
    return (await show(deps, witness, [...missing, line], signal)).refusal === null
  }
  return false
}

/** Lines from one number to another, as far as a witness has them; nothing where it does not answer. */
export async function chainAt(
  deps: TeachDeps,
  witness: NodeId,
  { account, from, to }: { readonly account: string; readonly from: number; readonly to: number },
  signal: AbortSignal,
): Promise<readonly Certificate[]> {
  const lines: Certificate[] = []
  try {
    for await (const line of linesAt(deps, witness, { account, which: 'sent', from }, signal)) {
      if (line.order.spend.sequence !== from + lines.length || line.order.spend.sequence > to) break
      lines.push(line)
    }
  } catch (error) {
    if (!isClawError(error)) throw error
  }
  return lines
}

/** Shows it all that pays to an account and that it lacks, as far as this witness or the others have it. */
export async function showReceived(
  deps: TeachDeps,
  witness: NodeId,
  account: string,
  signal: AbortSignal,
): Promise<void> {
  const known = new Set<string>()
  for await (const line of linesAt(deps, witness, { account, which: 'received', from: 1 }, signal))
    known.add(spendHash(line.order.spend))
  for (const other of deps.network.witnesses) {
    if (other === witness) continue
    try {
      for await (const line of linesAt(deps, other, { account, which: 'received', from: 1 }, signal)) {
        const hash = spendHash(line.order.spend)
        if (known.has(hash)) continue
        known.add(hash)
        await showWhole(deps, witness, line, signal)
      }
    } catch (error) {
      if (!isClawError(error)) throw error
    }
  }
}
