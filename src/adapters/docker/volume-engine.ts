/** Volumes of a Docker Engine. Copies go through a container that is made and never started: the engine itself reads and writes the files. */
import { addAbortSignal, Readable } from 'node:stream'
import { ClawError } from '../../model/failure.ts'
import type { EngineVolume, VolumeEngine } from '../../ports/volumes.ts'
import type { Confinement } from './confinement.ts'
import { apartFrom, strict } from './confinement.ts'
import { ask, connectEngine } from './engine.ts'
import {
  abandonCopiers,
  clearCopiers,
  helperWith,
  type Host,
  inside,
  refused,
  told,
  unlessAbsent,
} from './volume-copier.ts'
import { giveTo, sizesOf } from './volume-facts.ts'
import { wholeArchive } from './whole-archive.ts'

/** Nothing of the host can be copied, or written, when the confinement is left out; `node` is whose copies these are. */
export function dockerVolumes(address: string, owners: Confinement = strict, node = ''): VolumeEngine {
  const docker = connectEngine(address)
  const host: Host = { docker, confinement: apartFrom(address, owners), node, copying: new Set() }
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
    give: (name, user, signal) => giveTo(host, name, user, signal),
    sizes: (names, signal) => sizesOf(docker, names, signal),
    abandon: (name, signal) => abandonCopiers(host, name, signal),
    clear: (signal) => clearCopiers(host, signal),
    async *pack(content, signal) {
      const copier = await helperWith(host, content, signal)
      try {
        // The dot: what is in the directory, not the directory.
        const path = `${inside}/.`
        const archive = await ask(signal, (abortSignal) => copier.container.getArchive({ path, abortSignal }))
        yield* wholeArchive(addAbortSignal(signal, archive as Readable), cut)
      } catch (error) {
        signal.throwIfAborted()
        throw refused(error, 'what is in the volume could not be read')
      } finally {
        await copier.leave()
      }
    },
    async unpack(content, archive, signal) {
      const copier = await helperWith(host, content, signal)
      const body = Readable.from(archive)
      const isBroken = new AbortController()
      // What the archive is read from may fail in the middle, which the client of the engine does not look for.
      body.once('error', (error) => isBroken.abort(error))
      const until = AbortSignal.any([signal, isBroken.signal])
      try {
        await ask(until, (abortSignal) => copier.container.putArchive(body, { path: inside, abortSignal }), null)
      } catch (error) {
        throw refused(error, 'the copy could not be put back')
      } finally {
        body.destroy()
        await copier.leave()
      }
    },
  }
}

const cut = (): ClawError =>
  new ClawError('VOLUME_COPY_CUT', {
    detail: 'the engine ended it early, as it does when a file becomes smaller meanwhile',
  })
