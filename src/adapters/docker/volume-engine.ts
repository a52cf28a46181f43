/** Volumes of a Docker Engine. Copies go through a container that is made and never started: the engine itself reads and writes the files. */
import { Readable } from 'node:stream'
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import type { VolumeContent, VolumeEngine } from '../../ports/volumes.ts'
import type { Confinement } from './confinement.ts'
import { apartFrom, strict } from './confinement.ts'
import { detailOf, statusOf } from './engine-failure.ts'
import { ask, connectEngine } from './engine.ts'
import { pathFor } from './mounts.ts'

/** An image with nothing in it: made here, so that no registry is needed. */
const helper = 'clawbernetes/nothing:1'
/** Where what is copied appears in it. */
const inside = '/volume'

/** Nothing of the host can be copied, or written, when the confinement is left out. */
export function dockerVolumes(address: string, owners: Confinement = strict): VolumeEngine {
  const docker = connectEngine(address)
  const confinement = apartFrom(address, owners)
  return {
    async ensure({ name, options, labels }, signal) {
      try {
        const wanted = { Name: name, Driver: 'local', DriverOpts: { ...options }, Labels: { ...labels } }
        await ask(signal, () => docker.createVolume(wanted))
      } catch (error) {
        throw refused(error, `the volume ${name} could not be made`)
      }
    },
    async named(labels, signal) {
      const filters = { label: Object.entries(labels).map(([key, value]) => `${key}=${value}`) }
      const { Volumes } = await ask(signal, () => docker.listVolumes({ filters }))
      return Volumes.map(({ Name }) => Name)
    },
    async users(name, signal) {
      const filters = { volume: [name] }
      const found = await ask(signal, (abortSignal) => docker.listContainers({ all: true, filters, abortSignal }))
      return found.map(({ Labels, State }) => ({
        placement: Labels['claw.placement'] ?? null,
        isRunning: !['exited', 'dead', 'created'].includes(State),
      }))
    },
    async remove(name, signal) {
      try {
        await ask(signal, () => docker.getVolume(name).remove())
      } catch (error) {
        if (statusOf(error) !== 404) throw refused(error, `the volume ${name} could not be removed`)
      }
    },
    async *pack(content, signal) {
      const container = await helperWith({ docker, confinement }, content, signal)
      try {
        // The dot: what is in the directory, not the directory.
        const archive = await ask(signal, () => container.getArchive({ path: `${inside}/.` }))
        yield* archive as AsyncIterable<Uint8Array>
      } finally {
        await container.remove({ force: true })
      }
    },
    async unpack(content, archive, signal) {
      const container = await helperWith({ docker, confinement }, content, signal)
      const body = Readable.from(archive)
      const isBroken = new AbortController()
      // What the archive is read from may fail in the middle, which the client of the engine does not look for.
      body.once('error', (error) => isBroken.abort(error))
      const until = AbortSignal.any([signal, isBroken.signal])
      try {
        await ask(until, (abortSignal) => container.putArchive(body, { path: inside, abortSignal }), null)
      } catch (error) {
        throw refused(error, 'the copy could not be put back')
      } finally {
        body.destroy()
        await container.remove({ force: true })
      }
    },
  }
}

interface Host {
  readonly docker: Dockerode
  readonly confinement: Confinement
}

async function helperWith(
  { docker, confinement }: Host,
  content: VolumeContent,
  signal: AbortSignal,
): Promise<Dockerode.Container> {
  await ensureHelper(docker, signal)
  const mount =
    'volume' in content
      ? { Type: 'volume' as const, Source: content.volume, Target: inside }
      : { Type: 'bind' as const, Source: await pathFor(content.path, content, confinement), Target: inside }
  try {
    return await ask(signal, () =>
      docker.createContainer({
        ...{ Image: helper, Cmd: ['-'], NetworkDisabled: true, Labels: { 'claw.helper': 'volume' } },
        HostConfig: { Mounts: [mount], NetworkMode: 'none' },
      }),
    )
  } catch (error) {
    throw refused(error, 'what is in the volume could not be reached')
  }
}

async function ensureHelper(docker: Dockerode, signal: AbortSignal): Promise<void> {
  try {
    await ask(signal, () => docker.getImage(helper).inspect())
  } catch (error) {
    if (statusOf(error) !== 404) throw error
    const [repo = '', tag = ''] = helper.split(':')
    // A tar archive of nothing.
    const answer = await ask(signal, () => docker.importImage(Readable.from([Buffer.alloc(1_024)]), { repo, tag }))
    await Array.fromAsync(answer as AsyncIterable<unknown>)
  }
}

const refused = (error: unknown, what: string): unknown =>
  error instanceof ClawError || statusOf(error) === null
    ? error
    : new ClawError('CONTAINER_FAILED', { detail: `${what}: ${detailOf(error)}` }, { cause: error })
