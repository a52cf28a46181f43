/** What can go wrong with container images. */
import { failure } from './failure-row.ts'

export const imageFailures = {
  IMAGE_NOT_FOUND: failure(
    'not-found',
    ({ image, detail }: { image: string; detail: string }) => `The image ${image} could not be found: ${detail}.`,
    'Check the image’s name and tag, and that the node can reach its registry.',
  ),
  IMAGE_PULL_FAILED: failure(
    'unavailable',
    ({ image, detail }: { image: string; detail: string }) => `The image ${image} could not be pulled: ${detail}.`,
    'Check that the node can reach the registry.',
  ),
  IMAGE_ACCESS_DENIED: failure(
    'refused',
    ({ image, detail }: { image: string; detail: string }) =>
      `The registry of ${image} refused to give it out: ${detail}.`,
    'Run `docker login` on the node as the user that runs clawnode, or name user and password in its [registry] settings.',
  ),
  IMAGE_CORRUPT: failure(
    'internal',
    ({ image, detail }: { image: string; detail: string }) => `What came for ${image} is not that image: ${detail}.`,
    'Take it from elsewhere, or save the archive again with `docker save`.',
  ),
  IMAGE_IN_USE: failure(
    'conflict',
    ({ image, detail }: { image: string; detail: string }) => `The image ${image} is in use: ${detail}.`,
    'Wait until the work that uses it has ended and its container is gone.',
  ),
}
