/** What can go wrong with Tailscale. */
import { failure } from './failure-row.ts'

/** Why its client did not do what it was asked. */
export type TailscaleWhy =
  | 'missing'
  /** Its daemon does not run. */
  | 'daemon'
  /** This user may not. */
  | 'denied'
  /** Somebody has settings that ours would take back. */
  | 'settings'
  | 'silent'
  /** What it printed cannot be read. */
  | 'garbage'
  | 'refused'

export const tailnetFailures = {
  TAILSCALE_OFF: failure(
    'conflict',
    ({ node }: { node: string }) => `${node} is not set to use Tailscale.`,
    'Say provider = "tailscale" in [network] of its settings, and start its daemon again.',
  ),
  TAILSCALE_BY_HAND: failure(
    'conflict',
    ({ command }: { command: string }) =>
      `Its settings leave Tailscale to the owner of the host: run  ${command}  there.`,
    'Or say manage = true in [network.tailscale] of its settings, and start its daemon again.',
  ),
  TAILSCALE_FAILED: failure(
    'unavailable',
    ({ problem }: { problem: string; why: TailscaleWhy }) => `Tailscale did not do it on this host: ${problem}.`,
    'See what to run there with `clawbernetes network tailscale status NODE`.',
  ),
  TAILSCALE_UNREACHABLE: failure(
    'unavailable',
    ({ node, problem }: { node: string; problem: string }) => `${node} does not answer over the tailnet: ${problem}.`,
    'See both ends with `clawbernetes network tailscale status NODE`, and what the tailnet lets through with `network tailscale acl`.',
  ),
}
