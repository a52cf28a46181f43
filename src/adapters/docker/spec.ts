/** A task as the engine wants it told. */
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode'
import type { ContainerProfile } from '../../model/container-profile.ts'
import { profileOf } from '../../model/container-profile.ts'
import { capabilitiesIn } from '../../model/privilege.ts'
import { networkOf } from '../../model/workload.ts'
import type { WorkloadSpec } from '../../model/workload.ts'
import type { Task } from '../../ports/executor.ts'
import type { ObtainedImage } from '../../ports/images.ts'
import type { GpuGrant } from './gpu-grant.ts'
import { imageLabels, labelsOf } from './labels.ts'

const mib = 1_048_576

interface Settled {
  readonly grant: GpuGrant
  readonly image: Pick<ObtainedImage, 'name' | 'digest'>
  readonly name: string
  readonly mounts: readonly MountSettings[]
  /** What the image itself says. */
  readonly config: ImageConfig
  /** Most files that a process may have open. */
  readonly openFiles: number
  /** Root in a container is nobody on its host. */
  readonly mapsUsers: boolean
  /** The engine's usual one when left out. */
  readonly runtime?: string | undefined
}

export interface ImageConfig {
  readonly user: string
  /** Names of the variables that it sets. */
  readonly variables: readonly string[]
}

export function containerOf(task: Task, settled: Settled): ContainerCreateOptions & { name: string } {
  const { spec } = task
  const { grant, image, name, config, mapsUsers } = settled
  const profile = profileOf(spec)
  const user = askedUser(spec)
  return {
    name,
    Image: image.name,
    ...(spec.entrypoint === undefined ? {} : { Entrypoint: [...spec.entrypoint] }),
    ...(spec.command.length === 0 ? {} : { Cmd: [...spec.command] }),
    ...(spec.workdir === undefined ? {} : { WorkingDir: spec.workdir }),
    ...(user === undefined ? {} : { User: user }),
    ...(spec.stdin === true ? { OpenStdin: true, StdinOnce: spec.stdinOnce === true } : {}),
    ...(spec.tty === true ? { Tty: true } : {}),
    Env: [...environmentOf(task, grant, profile), ...withoutOf(config, profile, grant)],
    Labels: { ...labelsOf(task), ...imageLabels(image.digest, !mapsUsers && isRoot(user ?? config.user)) },
    HostConfig: {
      ...limitsOf(spec, profile, settled),
      ...fenceOf(task, profile),
      ...resolverOf(task),
      ...(settled.runtime === undefined ? {} : { Runtime: settled.runtime }),
      Mounts: [...settled.mounts],
      DeviceRequests: [...grant.requests],
      Init: true,
      RestartPolicy: { Name: 'no' },
      // Room for what is printed while it cannot be taken down: while the daemon is away, or slower than the work.
      // Packed files could only be read by asking the engine.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '128m', 'max-file': '4', compress: 'false' } },
    },
  }
}

function environmentOf(task: Task, grant: GpuGrant, profile: ContainerProfile): readonly string[] {
  const all = { ...task.env, ...task.spec.env, ...task.secretEnv }
  const asked = Object.entries(all).filter(([name]) => !isWithheld(name, profile))
  return Object.entries({ ...Object.fromEntries(asked), ...grant.env }).map(([name, value]) => `${name}=${value}`)
}

/** A name alone takes the variable of the image away. */
const withoutOf = ({ variables }: ImageConfig, profile: ContainerProfile, grant: GpuGrant): readonly string[] =>
  variables.filter((name) => isWithheld(name, profile) && !(name in grant.env))

const isWithheld = (name: string, { withoutVariables }: ContainerProfile): boolean =>
  withoutVariables.some((beginning) => name.startsWith(beginning))

function limitsOf(spec: WorkloadSpec, profile: ContainerProfile, { openFiles }: Settled): HostConfig {
  const { memoryMib, cpus } = spec
  const most = profile.shmMib
  const shmMib = most === null ? spec.shmMib : Math.min(spec.shmMib ?? 64, most)
  return {
    ...(memoryMib === undefined ? {} : { Memory: memoryMib * mib, MemorySwap: memoryMib * mib }),
    ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
    ...(shmMib === undefined ? {} : { ShmSize: shmMib * mib }),
    PidsLimit: profile.pids,
    Ulimits: [{ Name: 'nofile', Soft: openFiles, Hard: openFiles }],
  }
}

/** What keeps it apart from its host, said outright where an engine can be configured to do otherwise. */
function fenceOf({ spec, network: own }: Task, profile: ContainerProfile): HostConfig {
  const privileges = profile.allowsPrivileges ? (spec.privileges ?? []) : []
  const isPrivileged = privileges.includes('privileged')
  const network = networkOf(spec)
  const tmpfs = [...profile.tmpfs, ...(spec.tmpfs ?? [])]
  return {
    ...(network === 'host' && profile.networks.includes('host') ? { NetworkMode: 'host' } : {}),
    ...(network === 'none' ? { NetworkMode: 'none' } : {}),
    ...(network === 'bridge' && own !== undefined && profile.joinsOverlay ? { NetworkMode: own } : {}),
    CapDrop: ['ALL'],
    CapAdd: [...new Set([...profile.capabilities, ...capabilitiesIn(privileges)])],
    ...(isPrivileged ? { Privileged: true } : { SecurityOpt: ['no-new-privileges:true'] }),
    IpcMode: privileges.includes('host-ipc') ? 'host' : 'private',
    ...(privileges.includes('host-pid') ? { PidMode: 'host' } : {}),
    ReadonlyRootfs: profile.readOnly || spec.readOnly === true,
    ...(tmpfs.length === 0 ? {} : { Tmpfs: tmpfsOf(tmpfs, profile) }),
  }
}

/** On a network that is not its usual one an engine would have names without a dot looked up as they are first, in vain. */
const resolverOf = ({ resolver }: Task): HostConfig =>
  resolver === undefined ? {} : { Dns: [...resolver.servers], DnsSearch: [...resolver.search], DnsOptions: ['ndots:1'] }

const tmpfsOf = (all: ContainerProfile['tmpfs'], { tmpfsRuns }: ContainerProfile): Record<string, string> =>
  Object.fromEntries(
    all.map(({ target, sizeMib }) => [target, `rw,nosuid,nodev${tmpfsRuns ? ',exec' : ',noexec'},size=${sizeMib}m`]),
  )

/** Undefined for the one that the image names. */
const askedUser = (spec: WorkloadSpec): string | undefined => profileOf(spec).user ?? spec.user

/** The user that the container runs as, in the words of whoever said so. */
export const userOf = (spec: WorkloadSpec, { user }: Pick<ImageConfig, 'user'>): string => askedUser(spec) ?? user

/** Of `user` or `user:group`; who names nobody is root. */
const isRoot = (user: string): boolean => ['', '0', 'root'].includes(user.split(':')[0] ?? '')

/** The first name to try; another workload's ended container may still have it. */
export const containerName = ({ name, attempt }: Task): string => `claw-${name}-${attempt}`
export const uniqueContainerName = ({ name, placement }: Task): string => `claw-${name}-${placement}`
