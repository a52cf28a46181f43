/** What the owner of a host is told where the daemon does not set the interfaces up. */
import type { Tunnels } from '../../ports/tunnels.ts'
import type { LaneLook, OverlaySetup } from './types.ts'

interface Around {
  readonly tunnels: Pick<Tunnels, 'exists'>
  readonly setup: Pick<OverlaySetup, 'manages'>
  /** Why the daemon does not, in words. */
  readonly obstacle: string
}

export const byHand = (
  lanes: readonly Pick<LaneLook, 'name' | 'files'>[],
  { tunnels, setup, obstacle }: Around,
): readonly string[] =>
  lanes.flatMap(({ name, files }) => {
    if (!tunnels.exists(name))
      return [`overlay: WireGuard is not set up, as ${obstacle}: run  sudo wg-quick up ${files.quick}`]
    // One that its owner has set up is theirs to keep.
    return setup.manages ? [`overlay: ${name} is there and is not kept up, as ${obstacle}`] : []
  })
