/** What changes volumes. */
import type { NodeId } from '../../model/ids.ts'
import type { Volume, VolumeSnapshot } from '../../model/volume.ts'

interface Named {
  readonly namespace: string
  readonly name: string
}

export type VolumeCommand =
  | (Named & {
      readonly type: 'create-volume'
      readonly volume: Pick<Volume, 'type' | 'access' | 'hostPath' | 'nfs' | 'sizeMib' | 'node'>
    })
  | (Named & { readonly type: 'remove-volume' })
  /** The node has made a copy. */
  | (Named & {
      readonly type: 'report-snapshot'
      readonly node: NodeId
      readonly snapshot: Omit<VolumeSnapshot, 'at' | 'by' | 'node'>
    })
  | (Named & { readonly type: 'remove-snapshot'; readonly snapshot: string })
