/** What can go wrong between a client and the door of a peer, before anything is asked for. */
import { failure } from './failure-row.ts'

export const doorFailures = {
  NOT_CONFIRMED: failure(
    'invalid',
    ({ why }: { why: string }) => `It was not done: ${why}.`,
    'Answer what is asked, or say --yes where nobody is to be asked.',
  ),
  LOGIN_UNAVAILABLE: failure(
    'unavailable',
    ({ provider, detail }: { provider: string; detail: string }) =>
      `Nobody can log in by ${provider} at the moment: ${detail}.`,
    'Try again, or get in with an API key or an operator’s key meanwhile.',
  ),
  CLOCK_SKEW: failure(
    'unauthenticated',
    ({ seconds, peer }: { seconds: number; peer: string }) =>
      `The request was signed ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the clock of ${peer}; 60 s are allowed.`,
    'Set the clocks of both hosts, as with `timedatectl set-ntp true`, and try again.',
  ),
  MESH_CHANGED: failure(
    'unauthenticated',
    ({ address, known, found }: { address: string; known: string; found: string }) =>
      `${address} is a peer of another mesh now: ${found} instead of ${known}. Nothing was done there.`,
    'If that is the mesh that you mean, add the context again; if not, correct its addresses.',
  ),
  CERTIFICATE_UNKNOWN: failure(
    'unauthenticated',
    ({ address, fingerprint }: { address: string; fingerprint: string }) =>
      `${address} shows a certificate that nothing here vouches for: ${fingerprint}.`,
    'Compare it with what the daemon there logs at its start, then keep it: `clawbernetes context add NAME ADDRESS --fingerprint FINGERPRINT`.',
  ),
  CERTIFICATE_CHANGED: failure(
    'unauthenticated',
    ({ address, known, shown }: { address: string; known: string; shown: string }) =>
      `${address} shows another certificate than before: ${shown} instead of ${known}. Nothing was sent to it.`,
    'Somebody may be in between. If the daemon there has a new certificate, add the context again with its fingerprint.',
  ),
}
