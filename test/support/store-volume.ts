/** A volume whose content is in a store of objects. */
import type { Volume } from '../../src/model/volume.ts'

export const storeVolume = (parts: Pick<Volume, 'access' | 'node'> & { readonly bucket: string }) => {
  const { bucket, ...own } = parts
  const place = { endpoint: 'https://s3.example', bucket, prefix: '', region: 'us-east-1', secret: 'store' }
  return {
    ...{ namespace: 'team', name: 'data', type: 's3', hostPath: null, nfs: null, sizeMib: null, s3: place },
    ...{ createdAt: 1, createdBy: 'socket', snapshots: [] },
    ...own,
  } as const satisfies Volume
}
