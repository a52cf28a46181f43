/** What the service of the tailnet needs, and what it tells. */
import type { TailscaleSetup } from '../../core/tailscale/setup.ts'
import type { Trouble } from '../../core/tailscale/next.ts'
import type { Tailnet } from '../../model/tailnet.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { TailscaleClient } from '../../ports/tailscale.ts'

export interface TailscaleDeps {
  readonly clock: Clock
  readonly log: Log
  readonly client: TailscaleClient
  /** The key that the owner of the host has named; null where there is none. Throws CONFIG_INVALID. */
  readonly key: () => Promise<string | null>
}

export interface TailscaleLook {
  readonly setup: TailscaleSetup
  /** Null until the client has told it, and when it does not any more. */
  readonly tailnet: Tailnet | null
  /** Where this host says that others reach it over the tailnet. */
  readonly announced: readonly string[]
  readonly troubles: readonly Trouble[]
}
