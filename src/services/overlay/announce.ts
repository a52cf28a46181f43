/** What this node has to tell the mesh of itself, so that others find it. */
import { leadsInside } from '../../core/overlay/addresses.ts'
import { lanePort } from '../../core/overlay/lanes.ts'
import { laneOf } from '../../core/overlay/sites.ts'
import type { CommandOf } from '../../core/state/types.ts'
import { isSameJson } from '../../lib/canonical-json.ts'
import type { Overlay, OverlayLane } from '../../model/overlay.ts'
import { laneTag, laneText } from '../../model/overlay.ts'
import type { OverlayDeps, OverlaySetup } from './types.ts'

interface Around {
  readonly overlay: Overlay
  readonly generation: number
  readonly publicKey: string
  readonly isManaged: boolean
}

type Deps = Pick<OverlayDeps, 'self' | 'mesh' | 'signer' | 'tunnels' | 'sights'>

/** More would only be tried in vain. */
const mostEndpoints = 16

/** Null when the mesh knows it all. */
export function announcement(
  { self, mesh, signer, tunnels, sights }: Deps,
  setup: Pick<OverlaySetup, 'prefix' | 'port' | 'endpoints'>,
  { overlay, generation, publicKey, isManaged }: Around,
): CommandOf<'join-overlay'> | null {
  const own = tunnels.addresses(setup.prefix)
  const observed = sights.observed((address) => leadsInside(overlay.settings, address))
  const signature = signer.sign(laneTag, mesh, new TextEncoder().encode(laneText(self, generation, publicKey)))
  const lane: OverlayLane = {
    ...{ generation, publicKey, port: lanePort(setup.port, generation) },
    signature: Buffer.from(signature).toString('base64'),
  }
  // Those on its own network see it as it is. Whose owner has said where it is reached, is reached there.
  const isBehindNat = setup.endpoints.length === 0 && observed.some((one) => !own.includes(one))
  // Its own addresses lead to it only from beside it, where they are tried first in any case.
  const found = isBehindNat ? [...observed, ...own] : [...own, ...observed]
  const said = {
    endpoints: [...new Set([...setup.endpoints, ...found])].slice(0, mostEndpoints),
    ...{ isBehindNat, isManaged },
  }
  const known = overlay.nodes.get(self)
  const isKnown =
    known !== undefined &&
    isSameJson(laneOf(known, generation), lane) &&
    isSameJson([known.endpoints, known.isBehindNat, known.isManaged], [said.endpoints, said.isBehindNat, isManaged])
  return isKnown ? null : { type: 'join-overlay', node: self, lane, ...said }
}
