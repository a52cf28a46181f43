/** The images of a real engine: the one at CLAW_LAB_DOCKER. */
import { describe } from 'vitest'
import { dockerImages } from '../../src/adapters/docker/image-store.ts'
import { noCredentials } from '../../src/adapters/docker/registry-credentials.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { makeImage, removeImages } from '../support/docker-images.ts'
import { labDocker } from '../support/lab-docker.ts'
import { imageStoreConformance } from './image-store.ts'

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const address = labDocker ?? ''
  imageStoreConformance('docker', () => {
    const store = dockerImages({ address, clock: systemClock, credentials: noCredentials })
    return Promise.resolve({
      store,
      async make(name: string) {
        await makeImage(address, name, 100_000)
        const image = await store.find(name, new AbortController().signal)
        if (image === null) throw new Error(`${name} was not made`)
        return image
      },
      dispose: () => removeImages(address, `claw-conformance/${process.pid}-`),
    })
  })
})
