/** What changes volumes. */
import type { NodeId } from '../../model/ids.ts'
import type { Volume, VolumeSnapshot } from '../../model/volume.ts'

export type MadeVolume = Pick<Volume, 'type' | 'access' | 'hostPath' | 'nfs' | 's3' | 'sizeMib' | 'node' | 'labels'>

interface Named {
  readonly namespace: string
  readonly name: string
}

export type VolumeCommand =
  | (Named & {
      readonly type: 'create-volume'
      readonly volume: MadeVolume
    })
  | (Named & { readonly type: 'remove-volume' })
  /** The node has made a copy. */
  | (Named & {
      readonly type: 'report-snapshot'
      readonly node: NodeId
      readonly snapshot: Omit<VolumeSnapshot, 'at' | 'by' | 'node'>
    })
  | (Named & { readonly type: 'remove-snapshot'; readonly snapshot: string })
  /** The node has filled something that takes the place of what holds the volume's data, or becomes a volume that there was not. */
  | (Named & {
      readonly type: 'report-restore'
      readonly node: NodeId
      readonly incarnation: string
      /** What takes its place; null for nothing yet. */
      readonly instead: string | null
      readonly made?: Pick<MadeVolume, 'labels'>
    })
