/** From a task to a running container: image, container, start, and a look at its GPUs. */
import type Dockerode from 'dockerode'
import type { MountSettings } from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import { isLeased } from '../../model/lease-mark.ts'
import type { Clock } from '../../ports/clock.ts'
import type { PreparedMounts, Task } from '../../ports/executor.ts'
import type { ImageSupply, ObtainedImage } from '../../ports/images.ts'
import type { Log } from '../../ports/log.ts'
import type { MemoryFiles } from '../../ports/memory-files.ts'
import type { Confinement } from './confinement.ts'
import { requireFilter, requireMappedUsers } from './confinement.ts'
import { detailOf, lacksGpuDriver, startFailure, statusOf } from './engine-failure.ts'
import type { EngineInfo } from './engine-info.ts'
import { engineInfo } from './engine-info.ts'
import { ask } from './engine.ts'
import { checkGpus } from './gpu-check.ts'
import type { GpuGrant } from './gpu-grant.ts'
import { gpuGrant, gpuWays } from './gpu-grant.ts'
import { requireMounted } from './mounted.ts'
import type { Granted } from './mounts.ts'
import { mountsOf, requireUnchanged } from './mounts.ts'
import type { ImageConfig } from './spec.ts'
import { containerName, containerOf, uniqueContainerName, userOf } from './spec.ts'
import { runtimeFor } from './sandboxes.ts'
import { mountFiles } from './task-files.ts'

export interface LaunchDeps {
  readonly docker: Dockerode
  readonly clock: Clock
  readonly log: Log
  readonly images: ImageSupply
  readonly confinement: Confinement
  readonly memory: MemoryFiles | null
  readonly onProgress: (text: string) => void
}

export interface Launched {
  readonly id: string
  /** Of a container that was there already; null when it was made from this task. */
  readonly labels: Readonly<Record<string, string>> | null
}

/** Returns the container once it was started, now or earlier. If it throws, no container is left. */
export async function launch(deps: LaunchDeps, asked: Task, signal: AbortSignal): Promise<Launched> {
  const { docker } = deps
  const earlier = await findContainer(docker, asked, signal)
  if (earlier !== null && earlier.State !== 'created') return { id: earlier.Id, labels: earlier.Labels }
  // It never ran: an earlier start was cut off in the middle.
  if (earlier !== null) await discard(deps, earlier.Id)

  let prepared = asItIs(asked)
  try {
    prepared = (await asked.prepareMounts?.(deps.onProgress, signal)) ?? prepared
    const task = { ...asked, spec: { ...asked.spec, mounts: prepared.mounts } }
    const { image, pull = 'missing' } = task.spec
    const engine = await engineInfo(docker, signal)
    requireFilter(engine.safety, deps.confinement)
    const runtime = runtimeFor(task.spec.sandbox, engine.sandboxes)
    // Root in a sandbox is root of another kernel.
    if (task.spec.isolation === 'guest' && runtime === undefined) requireMappedUsers(engine.safety, deps.confinement)
    // Before an image is fetched for nothing, and again when it is there: that may take long, and links may change meanwhile.
    await mountsOf(task.spec, deps.confinement)
    // What strangers have named is none of the owner's registries' business.
    const as = isLeased(task.spec) ? 'nobody' : 'owner'
    const obtained = await deps.images.obtain({ image, pull, as }, ({ text }) => deps.onProgress(text), signal)
    deps.onProgress('starting container')
    const config = await imageConfig(docker, obtained.name, signal)
    const own = await mountsOf(task.spec, deps.confinement)
    const runsAs = { user: userOf(task.spec, config), isMapped: engine.safety.mapsUsers }
    const mounts = [...own.mounts, ...(await mountFiles(deps.memory, task, runsAs))]
    const ready = { task, image: obtained, engine, own, mounts, config, runtime, verify: prepared.verify }
    return { id: await startInSomeWay(deps, ready, signal), labels: null }
  } catch (error) {
    // The engine may have made a container although the call for it was cut off.
    await discardAny(deps, asked)
    await deps.memory?.remove(asked.placement)
    throw error
  } finally {
    prepared.release()
  }
}

const asItIs = ({ spec: { mounts } }: Task): PreparedMounts => ({
  mounts,
  verify: () => Promise.resolve(),
  release: () => undefined,
})

interface Ready {
  readonly task: Task
  readonly image: ObtainedImage
  readonly engine: EngineInfo
  /** What it was allowed of its host. */
  readonly own: Granted
  readonly mounts: readonly MountSettings[]
  readonly config: ImageConfig
  /** Undefined for the engine's usual one. */
  readonly runtime: string | undefined
  readonly verify: PreparedMounts['verify']
}

async function startInSomeWay(deps: LaunchDeps, ready: Ready, signal: AbortSignal): Promise<string> {
  const { task } = ready
  const real = task.devices.filter(({ simulated }) => !simulated)
  const support = ready.engine.gpus
  const ways = real.length === 0 ? (['hook'] as const) : gpuWays(real, support)
  for (const [i, way] of ways.entries()) {
    try {
      return await createAndStart(deps, { ...ready, grant: gpuGrant(task.devices, way, support) }, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (i + 1 < ways.length && lacksGpuDriver(error)) continue
      throw startFailure(error, task.spec.image)
    }
  }
  throw new ClawError('GPU_NOT_VISIBLE', { detail: `the engine has no way to give out ${real[0]?.model ?? 'GPUs'}` })
}

interface Wanted extends Ready {
  readonly grant: GpuGrant
}

async function createAndStart(deps: LaunchDeps, wanted: Wanted, signal: AbortSignal): Promise<string> {
  const { grant, own, task, verify } = wanted
  await verify(signal)
  const container = await create(deps, wanted, signal)
  try {
    await task.beforeStart?.(signal)
    // From here on nothing can take them away any more; until here somebody may have.
    await verify(signal)
    await requireUnchanged(task.spec, deps.confinement, own)
    task.confirmStart?.()
    await ask(signal, (abortSignal) => container.start({ abortSignal }))
    const isSeen = await requireMounted(container, own.paths, signal)
    if (!isSeen) await requireUnchanged(task.spec, deps.confinement, own)
    if (grant.deviceFiles !== null) await checkGpus(container, grant.deviceFiles, signal)
    return container.id
  } catch (error) {
    await discard(deps, container.id)
    throw error
  }
}

async function create(
  { docker, confinement: { openFiles } }: LaunchDeps,
  { task, engine, ...rest }: Omit<Wanted, 'verify'>,
  signal: AbortSignal,
): Promise<Dockerode.Container> {
  const { mapsUsers } = engine.safety
  const settled = { ...rest, openFiles, mapsUsers }
  const named = (name: string): Promise<Dockerode.Container> =>
    ask(signal, (abortSignal) => docker.createContainer({ ...containerOf(task, { ...settled, name }), abortSignal }))
  try {
    return await named(containerName(task))
  } catch (error) {
    // The same placement is never given a second container, whoever made the first.
    if (statusOf(error) !== 409 || (await findContainer(docker, task, signal)) !== null) throw error
    return named(uniqueContainerName(task))
  }
}

async function findContainer(
  docker: Dockerode,
  { placement, mesh }: Task,
  signal: AbortSignal,
): Promise<Dockerode.ContainerInfo | null> {
  const filters = { label: [`claw.placement=${placement}`, `claw.mesh=${mesh}`] }
  const found = await ask(signal, (abortSignal) => docker.listContainers({ all: true, filters, abortSignal }))
  return found[0] ?? null
}

async function discardAny(deps: LaunchDeps, task: Task): Promise<void> {
  try {
    const left = await findContainer(deps.docker, task, AbortSignal.timeout(10_000))
    if (left !== null) await removeContainer(deps.docker, left.Id)
  } catch (error) {
    deps.log.warn('whether a container was left behind could not be looked up', { problem: detailOf(error) })
  }
}

/** Removes what failed to start. If the engine went away meanwhile, the container is found when it is back. */
async function discard({ docker, log }: LaunchDeps, id: string): Promise<void> {
  try {
    await removeContainer(docker, id)
  } catch (error) {
    log.warn('a container that did not start could not be removed', { container: id, problem: detailOf(error) })
  }
}

/** Gone already, or about to be, is fine. */
export async function removeContainer(docker: Dockerode, id: string): Promise<void> {
  try {
    await ask(null, (abortSignal) => docker.getContainer(id).remove({ force: true, v: true, abortSignal }))
  } catch (error) {
    const status = statusOf(error)
    if (status !== 404 && !(status === 409 && /already in progress/.test(detailOf(error)))) throw error
  }
}

/** What the image says of itself that a container would take over. */
async function imageConfig(docker: Dockerode, image: string, signal: AbortSignal): Promise<ImageConfig> {
  const { Config } = await ask(signal, () => docker.getImage(image).inspect())
  // An image that says nothing at all has none of it.
  const config = Config as Partial<typeof Config> | undefined
  return { user: config?.User ?? '', variables: (config?.Env ?? []).map((pair) => pair.replace(/=.*$/s, '')) }
}
