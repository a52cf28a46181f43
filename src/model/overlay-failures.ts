/** What can go wrong with the overlay, with what hosts may have instead, and with who may reach whom in it. */
import { failure } from './failure-row.ts'
import { networkPolicyFailures } from './network-policy-failures.ts'
import { tailnetFailures } from './tailnet-failures.ts'

export const overlayFailures = {
  ...networkPolicyFailures,
  ...tailnetFailures,
  OVERLAY_OFF: failure('conflict', () => 'The overlay is off.', 'Turn it on with `clawbernetes network wg enable`.'),
  OVERLAY_FULL: failure(
    'capacity',
    ({ nodes, range }: { nodes: number; range: string }) =>
      `The overlay has no address left in ${range}: ${nodes} node(s) have one.`,
    'Remove nodes that are gone for good, or turn the overlay off and on again with larger ranges.',
  ),
  OVERLAY_IN_USE: failure(
    'conflict',
    ({ nodes }: { nodes: number }) => `The ranges of the overlay are in use by ${nodes} node(s).`,
    'Turn the overlay off first; containers that use it lose their way until it is on again.',
  ),
  OVERLAY_ROTATING: failure(
    'conflict',
    ({ waiting }: { waiting: string }) => `The keys of the overlay are being rotated; it waits for ${waiting}.`,
    'See how far it is with `clawbernetes network status`, or end it with `clawbernetes network wg rotate --finish`.',
  ),
  OVERLAY_FAILED: failure(
    'unavailable',
    ({ problem }: { problem: string }) => `WireGuard could not be set up on this host: ${problem}.`,
    'See what the host needs with `clawnode preflight`.',
  ),
  NAME_UNKNOWN: failure(
    'not-found',
    ({ name }: { name: string }) => `Nothing in the mesh goes by ${name}.`,
    'Names are NAME.NAMESPACE.claw, of workloads, gangs and deployments that have not ended.',
  ),
  OVERLAY_UNREACHABLE: failure(
    'unavailable',
    ({ node, problem }: { node: string; problem: string }) => `${node} does not answer over the overlay: ${problem}.`,
    'See both ends with `clawbernetes network wg show NODE`.',
  ),
}
