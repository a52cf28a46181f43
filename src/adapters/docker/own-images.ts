/** Images as an engine gets them by itself: what it has, and what registries have. */
import { ClawError } from '../../model/failure.ts'
import { digestFor } from '../../model/image.ts'
import type { ImageStore, ImageSupply, ObtainedImage, StoredImage } from '../../ports/images.ts'

export const ownImages = (store: ImageStore): ImageSupply => ({
  async obtain({ image, pull, as }, onProgress, signal) {
    const found = pull === 'always' ? null : await store.find(image, signal)
    if (found !== null) return obtained(found, image)
    if (pull === 'never') throw new ClawError('IMAGE_NOT_FOUND', { image, detail: 'the node does not have it' })
    return obtained(await store.pull(image, onProgress, signal, as), image)
  },
})

const obtained = (image: StoredImage, name: string): ObtainedImage => ({
  image,
  name,
  digest: digestFor(image.digests, name),
})
