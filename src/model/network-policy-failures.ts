/** What can go wrong with who may reach whom. */
import { failure } from './failure-row.ts'

export const networkPolicyFailures = {
  NETWORK_POLICY_NOT_FOUND: failure(
    'not-found',
    ({ policy }: { policy: string }) => `No network policy is called ${policy}.`,
    'List those of a namespace with `clawbernetes network policy list`.',
  ),
  NETWORK_POLICY_EXISTS: failure(
    'conflict',
    ({ policy }: { policy: string }) => `There is a network policy ${policy} already.`,
    'Change it with `clawbernetes network policy update`, or choose another name.',
  ),
  PACKET_FILTER_FAILED: failure(
    'unavailable',
    ({ problem }: { problem: string }) => `The rules on who may reach whom could not be put in place: ${problem}.`,
    'See with `clawbernetes node info` what is wrong with the node; rules that were there before stay.',
  ),
} as const
