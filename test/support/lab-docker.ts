/** The real Docker engine that some tests need. They are skipped, by name, where there is none. */
import { Readable } from 'node:stream'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import type { Registry } from './registry.ts'

/** The socket of a private engine with four simulated GPUs and the image `claw/busybox:1`. */
export const labDocker = process.env['CLAW_LAB_DOCKER'] ?? null

export const labImage = 'claw/busybox:1'

/** What the daemons of the tests let work mount. */
export const sharedFolder = '/tmp/claw-shared'

/** The stand-in for nvidia-smi that tells of the same GPUs on the machine itself. */
export const labNvidiaSmi = process.env['CLAW_LAB_NVIDIA_SMI'] ?? null

/** Whatever a test left behind, running or ended. */
export const removeContainersOf = (address: string, mesh: string): Promise<void> =>
  removeContainers(address, `claw.mesh=${mesh}`)

/** Removes the containers that carry the label, running or ended. */
export async function removeContainers(address: string, label: string): Promise<void> {
  const docker = connectEngine(address)
  const left = await docker.listContainers({ all: true, filters: { label: [label] } })
  await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })))
}

/** Publishes the lab's image as what work of strangers is run from: its name, and its digest. */
export async function publishGuest(registry: Registry): Promise<{ readonly name: string; readonly digest: string }> {
  const archive = await connectEngine(labDocker ?? '')
    .getImage(labImage)
    .get()
  const digest = await registry.publish('claw/guest', '1', Readable.from(archive))
  return { name: `${registry.host}/claw/guest`, digest }
}
