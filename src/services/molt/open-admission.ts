/**
 * Who is let in at the market host: anybody who says that it is of the same network. Nothing is trusted because of it: what counts there
 * is signed. The connection proves who it is, and whoever misbehaves is kept out by the host itself.
 */
import type { Admission } from '../../ports/admission.ts'

/** A stranger has nothing to show. */
const nothing = new Uint8Array(0)

export const openAdmission: Admission = {
  certificate: () => nothing,
  check: (shown) => (shown.length === 0 ? { ok: true } : { ok: false, reason: 'it shows a certificate to strangers' }),
  isMember: () => true,
  onRemoved: () => () => {},
  onRenewed: () => () => {},
}
