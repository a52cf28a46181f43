/** Orders one certificate while it is this node's turn, and has the mesh keep what came, or why nothing did. */
import { holdersOf, turnSpan } from '../../core/ingress/certificates.ts'
import type { Command } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { second } from '../../model/time.ts'
import type { CertificateAuthority, OrderedCertificate } from '../../ports/certificate-authority.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Control } from '../control/types.ts'
import type { Arrivals } from './arrivals.ts'
import type { KeyRing } from './key-ring.ts'

export interface OrderDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state'>
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
  readonly authority: CertificateAuthority
  readonly ring: Pick<KeyRing, 'sealed'>
  readonly arrivals: Pick<Arrivals, 'has' | 'find' | 'put' | 'drop'>
  readonly execute: (command: Command) => Promise<void>
  /** Called when the authority is about to be asked. */
  readonly onOrder: () => void
  readonly signal: AbortSignal
}

/** Given up in time to say so. */
const span = turnSpan - 30 * second

/** Throws what keeps the mesh from keeping it. False when it is another's turn, and nothing was done. */
export async function orderOne(host: string, deps: OrderDeps): Promise<boolean> {
  const { self, control, execute, log, arrivals, signal } = deps
  const own = { host, node: self }
  const isBegun = arrivals.has(host) && control.state.certificates.get(host)?.turn?.node === self
  try {
    if (!isBegun) await execute({ type: 'order-certificate', ...own })
  } catch (error) {
    if (ClawError.is(error, 'CERTIFICATE_NOT_DUE')) return false
    throw error
  }
  try {
    await keep(host, arrivals.find(host) ?? (await arrived(host, deps)), deps)
    log.info('a certificate has come', { host })
  } catch (error) {
    signal.throwIfAborted()
    // What has come is sent again, unless the mesh would never keep it.
    if (arrivals.has(host) && !(error instanceof ClawError && error.kind === 'invalid')) throw error
    await arrivals.drop(host)
    const detail = detailOf(error)
    log.warn('no certificate came', { host, detail })
    await execute({ type: 'fail-certificate', ...own, problem: detail.slice(0, 1_024) })
    if (!(error instanceof ClawError)) throw error
  }
  return true
}

function detailOf(error: unknown): string {
  const detail = ClawError.is(error, 'CERTIFICATE_FAILED') ? error.facts.detail : String((error as Error).message)
  return detail === '' ? 'it did not say why' : detail
}

async function keep(host: string, { chain, key, notBefore, notAfter }: OrderedCertificate, deps: OrderDeps) {
  const { self, control, ring, execute, arrivals } = deps
  const keys = ring.sealed(host, key, [...new Set([self, ...holdersOf(control.state, host)])])
  await execute({ type: 'keep-certificate', host, node: self, chain, notBefore, notAfter, keys })
  await arrivals.drop(host)
}

/** On disk before the mesh hears of it: it may not be able to keep it now, and this daemon may end. */
async function arrived(host: string, deps: OrderDeps): Promise<OrderedCertificate> {
  const { self, clock, authority, arrivals, execute, onOrder, signal } = deps
  const late = new AbortController()
  const cancel = clock.after(span, () =>
    late.abort(new ClawError('CERTIFICATE_FAILED', { host, detail: 'the authority took too long' })),
  )
  try {
    const within = AbortSignal.any([signal, late.signal])
    const answer = (token: string, said: string): Promise<void> =>
      execute({ type: 'answer-certificate', host, node: self, token, answer: said })
    onOrder()
    const ordered = await authority.order(host, answer, within)
    await arrivals.put(host, ordered)
    return ordered
  } finally {
    cancel()
  }
}
