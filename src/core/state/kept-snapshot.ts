/** What the mesh keeps beside its work, as it stands in snapshots: nothing while there is nothing. */
import { z } from 'zod'
import type { Volume } from '../../model/volume.ts'
import { volumeKey } from '../../model/volume.ts'
import { backupFields, readBackups, writtenBackups } from './backup-schemas.ts'
import { certificateFields, readCertificates, writtenCertificates } from './certificate-schemas.ts'
import { ingressFields, readIngresses, writtenIngresses } from './ingress-schemas.ts'
import { moltFields, readMolt, writtenMolt } from './molt-schemas.ts'
import { networkPolicyFields, readNetworkPolicies, writtenNetworkPolicies } from './network-policy-schemas.ts'
import { overlayFields, readOverlay, writtenOverlay } from './overlay-schemas.ts'
import type { State } from './state.ts'
import { limits, weighed } from './state.ts'
import { VolumeSchema } from './volume-schemas.ts'

export const keptFields = {
  volumes: z.array(VolumeSchema).max(limits.volumes).exactOptional(),
  ...backupFields,
  ...ingressFields,
  ...networkPolicyFields,
  ...certificateFields,
  ...moltFields,
  ...overlayFields,
}
type Written = z.infer<z.ZodObject<typeof keptFields>>

export const writtenKept = (state: State): Written => ({
  ...(state.volumes.size > 0 && { volumes: [...state.volumes.values()] as z.infer<typeof VolumeSchema>[] }),
  ...writtenBackups(state),
  ...writtenIngresses(state),
  ...writtenNetworkPolicies(state),
  ...writtenCertificates(state),
  ...writtenMolt(state),
  ...writtenOverlay(state),
})

export const readKept = ({
  volumes = [],
  ...lists
}: Written): Pick<
  State,
  | 'volumes'
  | 'backups'
  | 'backupSchedules'
  | 'ingresses'
  | 'certificates'
  | 'tlsNodes'
  | 'networkPolicies'
  | 'moltNetwork'
  | 'moltParts'
  | 'overlay'
> => ({
  volumes: weighed.volumes(volumes.map((volume: Volume) => [volumeKey(volume.namespace, volume.name), volume])),
  ...readBackups(lists),
  ...readIngresses(lists),
  ...readNetworkPolicies(lists),
  ...readCertificates(lists),
  ...readMolt(lists),
  ...readOverlay(lists),
})
