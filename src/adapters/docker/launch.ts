/** From a task to a running container: image, container, start, and a look at its GPUs. */
import type Dockerode from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Task } from '../../ports/executor.ts'
import type { ImageSupply, ObtainedImage } from '../../ports/images.ts'
import type { Log } from '../../ports/log.ts'
import { detailOf, lacksGpuDriver, startFailure, statusOf } from './engine-failure.ts'
import { ask } from './engine.ts'
import { checkGpus } from './gpu-check.ts'
import type { GpuGrant, GpuSupport } from './gpu-grant.ts'
import { gpuGrant, gpuWays } from './gpu-grant.ts'
import { containerName, containerOf, uniqueContainerName } from './spec.ts'

export interface LaunchDeps {
  readonly docker: Dockerode
  readonly clock: Clock
  readonly log: Log
  readonly images: ImageSupply
  readonly onProgress: (text: string) => void
}

export interface Launched {
  readonly id: string
  /** Of a container that was there already; null when it was made from this task. */
  readonly labels: Readonly<Record<string, string>> | null
}

/** Returns the container once it was started, now or earlier. If it throws, no container is left. */
export async function launch(deps: LaunchDeps, task: Task, signal: AbortSignal): Promise<Launched> {
  const { docker } = deps
  const earlier = await findContainer(docker, task, signal)
  if (earlier !== null && earlier.State !== 'created') return { id: earlier.Id, labels: earlier.Labels }
  // It never ran: an earlier start was cut off in the middle.
  if (earlier !== null) await discard(deps, earlier.Id)

  try {
    const { image, pull = 'missing' } = task.spec
    const obtained = await deps.images.obtain({ image, pull }, ({ text }) => deps.onProgress(text), signal)
    deps.onProgress('starting container')
    return { id: await startInSomeWay(deps, { task, image: obtained }, signal), labels: null }
  } catch (error) {
    // The engine may have made a container although the call for it was cut off.
    await discardAny(deps, task)
    throw error
  }
}

interface Ready {
  readonly task: Task
  readonly image: ObtainedImage
}

async function startInSomeWay(deps: LaunchDeps, { task, image }: Ready, signal: AbortSignal): Promise<string> {
  const real = task.devices.filter(({ simulated }) => !simulated)
  const support = task.devices.length === 0 ? none : await gpuSupport(deps.docker, signal)
  const ways = real.length === 0 ? (['hook'] as const) : gpuWays(real, support)
  for (const [i, way] of ways.entries()) {
    try {
      return await createAndStart(deps, { task, image, grant: gpuGrant(task.devices, way, support) }, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (i + 1 < ways.length && lacksGpuDriver(error)) continue
      throw startFailure(error, task.spec.image)
    }
  }
  throw new ClawError('GPU_NOT_VISIBLE', { detail: `the engine has no way to give out ${real[0]?.model ?? 'GPUs'}` })
}

const none: GpuSupport = { cdi: false, cdiDevices: [], nvidiaByDefault: false }

interface Wanted extends Ready {
  readonly grant: GpuGrant
}

async function createAndStart(deps: LaunchDeps, wanted: Wanted, signal: AbortSignal): Promise<string> {
  const { grant } = wanted
  const container = await create(deps.docker, wanted, signal)
  try {
    await ask(signal, (abortSignal) => container.start({ abortSignal }))
    if (grant.deviceFiles !== null) await checkGpus(container, grant.deviceFiles, signal)
    return container.id
  } catch (error) {
    await discard(deps, container.id)
    throw error
  }
}

async function create(docker: Dockerode, { task, ...rest }: Wanted, signal: AbortSignal): Promise<Dockerode.Container> {
  const named = (name: string): Promise<Dockerode.Container> =>
    ask(signal, (abortSignal) => docker.createContainer({ ...containerOf(task, { ...rest, name }), abortSignal }))
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

/** Older engines do not tell all of this, and the types know less than the engine does. */
async function gpuSupport(docker: Dockerode, signal: AbortSignal): Promise<GpuSupport> {
  const info = (await ask(signal, () => docker.info())) as {
    readonly CDISpecDirs?: readonly string[] | null
    readonly DiscoveredDevices?: readonly { readonly Source?: string; readonly ID?: string }[] | null
    readonly DefaultRuntime?: string
  }
  return {
    cdi: (info.CDISpecDirs ?? []).length > 0,
    cdiDevices: (info.DiscoveredDevices ?? []).flatMap(({ Source, ID }) => (Source === 'cdi' && ID ? [ID] : [])),
    nvidiaByDefault: info.DefaultRuntime === 'nvidia',
  }
}
