/** Orders one certificate while it is this node's turn, and has the mesh keep what came, or why nothing did. */
import { holdersOf, turnSpan } from '../../core/ingress/certificates.ts'
import type { Command } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import type { NodeId } from '../../model/ids.ts'
import { second } from '../../model/time.ts'
import type { CertificateAuthority } from '../../ports/certificate-authority.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Control } from '../control/types.ts'
import type { KeyRing } from './key-ring.ts'

export interface OrderDeps {
  readonly self: NodeId
  readonly control: Pick<Control, 'state'>
  readonly clock: Pick<Clock, 'after'>
  readonly log: Log
  readonly authority: CertificateAuthority
  readonly ring: Pick<KeyRing, 'sealed'>
  readonly execute: (command: Command) => Promise<void>
  readonly signal: AbortSignal
}

/** Given up in time to say so. */
const span = turnSpan - 30 * second

/** Throws what keeps the mesh from keeping it; does nothing when it is another's turn. */
export async function orderOne(host: string, deps: OrderDeps): Promise<void> {
  const { self, execute, log, signal } = deps
  const own = { host, node: self }
  try {
    await execute({ type: 'order-certificate', ...own })
  } catch (error) {
    if (ClawError.is(error, 'CERTIFICATE_NOT_DUE')) return
    throw error
  }
  try {
    await orderedWithin(host, deps)
    log.info('a certificate has come', { host })
  } catch (error) {
    signal.throwIfAborted()
    if (!ClawError.is(error, 'CERTIFICATE_FAILED')) throw error
    log.warn('no certificate came', { host, detail: error.facts.detail })
    await execute({ type: 'fail-certificate', ...own, problem: error.facts.detail || 'it did not say why' })
  }
}

async function orderedWithin(host: string, deps: OrderDeps): Promise<void> {
  const { self, control, clock, authority, ring, execute, signal } = deps
  const own = { host, node: self }
  const late = new AbortController()
  const cancel = clock.after(span, () =>
    late.abort(new ClawError('CERTIFICATE_FAILED', { host, detail: 'the authority took too long' })),
  )
  try {
    const within = AbortSignal.any([signal, late.signal])
    const answer = (token: string, said: string): Promise<void> =>
      execute({ type: 'answer-certificate', ...own, token, answer: said })
    const { chain, key, notBefore, notAfter } = await authority.order(host, answer, within)
    const keys = ring.sealed(host, key, [...new Set([self, ...holdersOf(control.state, host)])])
    await execute({ type: 'keep-certificate', ...own, chain, notBefore, notAfter, keys })
  } finally {
    cancel()
  }
}
