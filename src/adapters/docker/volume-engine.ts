/** Volumes of a Docker Engine. Copies go through a container that is made and never started: the engine itself reads and writes the files. */
import { addAbortSignal, Readable } from 'node:stream'
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import type { EngineVolume, VolumeContent, VolumeEngine } from '../../ports/volumes.ts'
import type { Confinement } from './confinement.ts'
import { apartFrom, strict } from './confinement.ts'
import { detailOf, engineFailure, statusOf } from './engine-failure.ts'
import { ask, connectEngine } from './engine.ts'
import { pathFor } from './mounts.ts'
import { wholeArchive } from './whole-archive.ts'

/** An image with nothing in it: made here, so that no registry is needed. */
const helper = 'clawbernetes/nothing:1'
/** Where what is copied appears in it. */
const inside = '/volume'

/** Nothing of the host can be copied, or written, when the confinement is left out. */
export function dockerVolumes(address: string, owners: Confinement = strict): VolumeEngine {
  const docker = connectEngine(address)
  const confinement = apartFrom(address, owners)
  const known: VolumeEngine['known'] = (labels, signal) =>
    told('its volumes could not be listed', async () => {
      const filters = { label: Object.entries(labels).map(([key, value]) => `${key}=${value}`) }
      const { Volumes } = await ask(signal, () => docker.listVolumes({ filters }))
      // An engine says null for none.
      return Volumes.map(({ Name, Labels }) => ({
        name: Name,
        labels: (Labels as EngineVolume['labels'] | null) ?? {},
      }))
    })
  return {
    ensure: ({ name, options, labels }, signal) =>
      told(`the volume ${name} could not be made`, async () => {
        const wanted = { Name: name, Driver: 'local', DriverOpts: { ...options }, Labels: { ...labels } }
        await ask(signal, () => docker.createVolume(wanted))
      }),
    named: async (labels, signal) => (await known(labels, signal)).map(({ name }) => name),
    known,
    users: (name, signal) =>
      told(`what uses the volume ${name} could not be listed`, async () => {
        const filters = { volume: [name] }
        const found = await ask(signal, (abortSignal) => docker.listContainers({ all: true, filters, abortSignal }))
        return found.map(({ Labels, State }) => ({
          placement: Labels['claw.placement'] ?? null,
          isRunning: !['exited', 'dead', 'created'].includes(State),
        }))
      }),
    remove: (name, signal) =>
      told(`the volume ${name} could not be removed`, () =>
        unlessAbsent(() => ask(signal, () => docker.getVolume(name).remove())),
      ),
    abandon: (name, signal) =>
      told(`what has copied the volume ${name} could not be removed`, async () => {
        const filters = { volume: [name], label: ['claw.helper=volume'] }
        const found = await ask(signal, (abortSignal) => docker.listContainers({ all: true, filters, abortSignal }))
        await Promise.all(found.map(({ Id }) => leave(docker.getContainer(Id))))
      }),
    async *pack(content, signal) {
      const container = await helperWith({ docker, confinement }, content, signal)
      try {
        // The dot: what is in the directory, not the directory.
        const archive = await ask(signal, () => container.getArchive({ path: `${inside}/.` }))
        yield* wholeArchive(addAbortSignal(signal, archive as Readable), cut)
      } catch (error) {
        signal.throwIfAborted()
        throw refused(error, 'what is in the volume could not be read')
      } finally {
        await leave(container)
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
        await leave(container)
      }
    },
  }
}

const cut = (): ClawError =>
  new ClawError('VOLUME_COPY_CUT', {
    detail: 'the engine ended it early, as it does when a file becomes smaller meanwhile',
  })

/** Also when who wanted the copy has called it off. */
const leave = (container: Dockerode.Container): Promise<void> =>
  told('what copied the volume could not be removed', () =>
    unlessAbsent(() => ask(null, () => container.remove({ force: true }))),
  )

interface Host {
  readonly docker: Dockerode
  readonly confinement: Confinement
}

async function helperWith(
  { docker, confinement }: Host,
  content: VolumeContent,
  signal: AbortSignal,
): Promise<Dockerode.Container> {
  await told('what copies volumes could not be made', () => ensureHelper(docker, signal))
  const mount =
    'volume' in content
      ? { Type: 'volume' as const, Source: content.volume, Target: inside }
      : { Type: 'bind' as const, Source: await pathFor(content.path, content, confinement), Target: inside }
  return told('what is in the volume could not be reached', () =>
    ask(signal, () =>
      docker.createContainer({
        ...{ Image: helper, Cmd: ['-'], NetworkDisabled: true, Labels: { 'claw.helper': 'volume' } },
        HostConfig: { Mounts: [mount], NetworkMode: 'none' },
      }),
    ),
  )
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

/** What the engine refuses is told in these words. */
async function told<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw refused(error, what)
  }
}

async function unlessAbsent(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (statusOf(error) !== 404) throw error
  }
}

const refused = (error: unknown, what: string): unknown =>
  error instanceof ClawError || statusOf(error) === null
    ? engineFailure(error)
    : new ClawError('CONTAINER_FAILED', { detail: `${what}: ${detailOf(error)}` }, { cause: error })
