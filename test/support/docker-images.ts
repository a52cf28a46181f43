/** Images of a test's own on a real engine. */
import { randomBytes } from 'node:crypto'
import type Dockerode from 'dockerode'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { labImage } from './lab-docker.ts'
import { tarOf } from './tar.ts'

/** Commits the lab's image with so many random bytes in `/payload` under this name. Returns its id. */
export async function makeImage(address: string, name: string, bytes: number): Promise<string> {
  const docker = connectEngine(address)
  const container = await docker.createContainer({ Image: labImage, NetworkDisabled: true })
  try {
    await container.putArchive(tarOf([{ name: 'payload', content: randomBytes(bytes) }]), { path: '/' })
    const colon = name.lastIndexOf(':')
    await container.commit({ repo: name.slice(0, colon), tag: name.slice(colon + 1) })
  } finally {
    await container.remove({ force: true })
  }
  return (await docker.getImage(name).inspect()).Id
}

/** Takes away every image whose name begins so, and what containers were made of it. */
export async function removeImages(address: string, beginning: string): Promise<void> {
  const docker = connectEngine(address)
  const mine = (await docker.listImages()).filter(({ RepoTags }: Dockerode.ImageInfo) =>
    (RepoTags ?? []).some((tag) => tag.startsWith(beginning)),
  )
  for (const { Id } of mine) await docker.getImage(Id).remove({ force: true })
}
