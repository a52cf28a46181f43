/** What volumes are called at the engine of a node: no two of them alike, whatever their names, and none as anything that the mesh has not made. */
import { sha256 } from '../../lib/sha256.ts'
import type { MeshId, NodeId } from '../../model/ids.ts'
import type { Volume } from '../../model/volume.ts'
import type { EngineVolume } from '../../ports/volumes.ts'

/** Several nodes may share an engine, as in a lab. */
interface Place {
  readonly self: NodeId
  readonly mesh: MeshId
}

type Held = Pick<Volume, 'namespace' | 'name' | 'createdAt' | 'incarnation' | 'type' | 'nfs' | 'sizeMib' | 'access'>

/** A volume that was made anew, with other options or other data, is another one here: what the engine had of the old one is never taken for it. */
export function engineVolume(volume: Held, place: Place): EngineVolume {
  const { namespace, name, createdAt, incarnation } = volume
  const options = optionsOf(volume)
  // An incarnation is there before its volume may be.
  const which = incarnation ?? createdAt
  const all = [namespace, name, which, ...Object.entries(options)]
  return { name: nameOf(place, name, all), options, labels: labelsOf(volume, place) }
}

/** What work of a namespace calls by a name that is no volume of the mesh: nobody else's. */
export const ownVolume = (namespace: string, name: string, place: Place): EngineVolume => ({
  name: nameOf(place, name, [namespace, name]),
  options: {},
  labels: { 'claw.mesh': place.mesh, 'claw.keeper': place.self, 'claw.own': `${namespace}/${name}` },
})

/** That all has which this node's engine holds of the volume, now and from before. */
export const labelsOf = ({ namespace, name }: Pick<Volume, 'namespace' | 'name'>, { self, mesh }: Place) => ({
  'claw.volume': `${namespace}/${name}`,
  'claw.mesh': mesh,
  'claw.keeper': self,
})

/** For people it ends as the volume is called; what makes it the only one is before that. */
function nameOf({ self, mesh }: Place, name: string, parts: readonly unknown[]): string {
  const own = sha256(JSON.stringify(parts)).slice(0, 20)
  return `claw-${mesh.replace(/^mesh-/, '').slice(0, 8)}-${self.slice(-8)}-${own}-${name.slice(0, 63)}`
}

function optionsOf({ type, nfs, sizeMib, access }: Held): EngineVolume['options'] {
  if (type === 'tmpfs')
    return { type: 'tmpfs', device: 'tmpfs', ...(sizeMib === null ? {} : { o: `size=${sizeMib}m` }) }
  if (type !== 'nfs' || nfs === null) return {}
  const mode = access === 'ROX' ? 'ro' : 'rw'
  return { type: 'nfs', device: `:${nfs.path}`, o: [`addr=${nfs.server}`, mode, nfs.options].filter(Boolean).join(',') }
}
