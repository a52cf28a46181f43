/** Tailscale’s client on this host. */
import type { Echo } from './tunnels.ts'

export interface TailnetEcho extends Echo {
  /** How the last answer came, such as `direct 192.0.2.1:41641` or `DERP(fra)`; null when none did. */
  readonly path: string | null
}

export interface TailscaleClient {
  /** What `tailscale status --json` has printed. Throws TAILSCALE_FAILED. */
  status(signal: AbortSignal): Promise<string>
  /**
   * Runs `tailscale up` with these arguments. The key is in a file that only this user can read for as long as that lasts, and neither on
   * the command line nor in what is thrown. Throws TAILSCALE_FAILED.
   */
  up(args: readonly string[], key: string | null, signal: AbortSignal): Promise<void>
  /** Throws TAILSCALE_FAILED. */
  down(signal: AbortSignal): Promise<void>
  /** Asks a machine of the tailnet whether it is there. */
  echo(address: string, options: { readonly count: number; readonly signal: AbortSignal }): Promise<TailnetEcho>
}
