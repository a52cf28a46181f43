/** Containers through which the engine reads and writes what is in a volume: they are made, and never started. */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import type { VolumeContent } from '../../ports/volumes.ts'
import type { Confinement } from './confinement.ts'
import { detailOf, engineFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { pathFor } from './mounts.ts'

/** An image with nothing in it: made here, so that no registry is needed. */
const helper = 'clawbernetes/nothing:1'
/** Where what is copied appears in it. */
export const inside = '/volume'
/** Which containers these are. */
const mark = 'claw.helper'
/** Label for the node whose they are. */
const keeper = 'claw.keeper'

export interface Host {
  readonly docker: Dockerode
  readonly confinement: Confinement
  /** Whose copies these are: several nodes may share an engine. */
  readonly node: string
  /** Names of the containers that copy at present. */
  readonly copying: Set<string>
}

export interface Copier {
  readonly container: Dockerode.Container
  /** Takes it away, also when who wanted the copy has called it off. */
  readonly leave: () => Promise<void>
}

/** Throws what `told` and `ask` throw. */
export async function helperWith(host: Host, content: VolumeContent, signal: AbortSignal): Promise<Copier> {
  const { docker, confinement } = host
  await told('what copies volumes could not be made', () => ensureHelper(docker, signal))
  const mount =
    'volume' in content
      ? { Type: 'volume' as const, Source: content.volume, Target: inside }
      : { Type: 'bind' as const, Source: await pathFor(content.path, content, confinement), Target: inside }
  const name = `claw-copy-${randomUUID()}`
  host.copying.add(name)
  const making = docker.createContainer({
    ...{ name, Image: helper, Cmd: ['-'], NetworkDisabled: true, Labels: { [mark]: 'volume', [keeper]: host.node } },
    HostConfig: { Mounts: [mount], NetworkMode: 'none' },
  })
  try {
    const container = await told('what is in the volume could not be reached', () => ask(signal, () => making))
    return { container, leave: () => leave(host, name) }
  } catch (error) {
    // An engine that was asked makes it, though nobody waits any more.
    making
      .catch(() => 'it was not made')
      .then(() => leave(host, name))
      .catch(() => 'it is taken away with what is abandoned')
    throw error
  }
}

async function leave({ docker, copying }: Host, name: string): Promise<void> {
  try {
    await discard(docker, name)
  } finally {
    copying.delete(name)
  }
}

const discard = (docker: Dockerode, container: string): Promise<void> =>
  told('what copied the volume could not be removed', () =>
    unlessAbsent(() => ask(null, () => docker.getContainer(container).remove({ force: true }))),
  )

/** All that copy into the volume, or out of it. */
export const abandonCopiers = (host: Host, volume: string, signal: AbortSignal): Promise<void> =>
  told(`what has copied the volume ${volume} could not be removed`, async () => {
    for (const { Id } of await copiers(host, { volume: [volume] }, signal)) await discard(host.docker, Id)
  })

/** All of this node that copy nothing at present. */
export const clearCopiers = (host: Host, signal: AbortSignal): Promise<void> =>
  told('what has copied volumes could not be removed', async () => {
    const own = await copiers(host, { label: [`${keeper}=${host.node}`] }, signal)
    const isIdle = (names: readonly string[]): boolean => !names.some((name) => host.copying.has(name.slice(1)))
    for (const { Id, Names } of own) if (isIdle(Names)) await discard(host.docker, Id)
  })

function copiers(
  { docker }: Host,
  which: { readonly volume?: string[]; readonly label?: string[] },
  signal: AbortSignal,
) {
  const filters = { ...which, label: [...(which.label ?? []), `${mark}=volume`] }
  return ask(signal, (abortSignal) => docker.listContainers({ all: true, filters, abortSignal }))
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
export async function told<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw refused(error, what)
  }
}

export async function unlessAbsent(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (statusOf(error) !== 404) throw error
  }
}

export const refused = (error: unknown, what: string): unknown =>
  error instanceof ClawError || statusOf(error) === null
    ? engineFailure(error)
    : new ClawError('CONTAINER_FAILED', { detail: `${what}: ${detailOf(error)}` }, { cause: error })
