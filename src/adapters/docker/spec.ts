/** A task as the engine wants it told. */
import { posix } from 'node:path'
import type { ContainerCreateOptions, MountSettings } from 'dockerode'
import { ClawError } from '../../model/failure.ts'
import { networkOf } from '../../model/workload.ts'
import type { Task } from '../../ports/executor.ts'
import type { ObtainedImage } from '../../ports/images.ts'
import type { GpuGrant } from './gpu-grant.ts'
import { imageLabels, labelsOf } from './labels.ts'

const mib = 1_048_576

/** What ordinary images need to start as root and step down to a user. No raw sockets, no devices, no tracing. */
const capabilities = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]

/** Most processes in a container. */
const pids = 4_096

/** Host paths that would hand the host itself to the container. */
const forbidden = ['/', '/boot', '/dev', '/etc', '/proc', '/root', '/run', '/sys', '/var', '/var/lib', '/var/run']

interface Settled {
  readonly grant: GpuGrant
  readonly image: Pick<ObtainedImage, 'name' | 'digest'>
  readonly name: string
}

/** Throws CONTAINER_FAILED for a mount that is not allowed. */
export function containerOf(task: Task, { grant, image, name }: Settled): ContainerCreateOptions & { name: string } {
  const { spec } = task
  return {
    name,
    Image: image.name,
    ...(spec.entrypoint === undefined ? {} : { Entrypoint: [...spec.entrypoint] }),
    ...(spec.command.length === 0 ? {} : { Cmd: [...spec.command] }),
    ...(spec.workdir === undefined ? {} : { WorkingDir: spec.workdir }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.stdin === true ? { OpenStdin: true, StdinOnce: spec.stdinOnce === true } : {}),
    ...(spec.tty === true ? { Tty: true } : {}),
    Env: Object.entries({ ...task.env, ...spec.env, ...grant.env }).map(([key, value]) => `${key}=${value}`),
    Labels: { ...labelsOf(task), ...imageLabels(image.digest) },
    HostConfig: {
      ...(networkOf(spec) === 'host' ? { NetworkMode: 'host' } : {}),
      Mounts: spec.mounts.map(mountOf),
      ...(spec.memoryMib === undefined ? {} : { Memory: spec.memoryMib * mib, MemorySwap: spec.memoryMib * mib }),
      ...(spec.cpus === undefined ? {} : { NanoCpus: Math.round(spec.cpus * 1e9) }),
      ...(spec.shmMib === undefined ? {} : { ShmSize: spec.shmMib * mib }),
      DeviceRequests: [...grant.requests],
      Init: true,
      PidsLimit: pids,
      CapDrop: ['ALL'],
      CapAdd: capabilities,
      SecurityOpt: ['no-new-privileges:true'],
      RestartPolicy: { Name: 'no' },
      // Room for what is printed while it cannot be taken down: while the daemon is away, or slower than the work.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '128m', 'max-file': '4' } },
    },
  }
}

/** The first name to try; another workload's ended container may still have it. */
export const containerName = ({ name, attempt }: Task): string => `claw-${name}-${attempt}`
export const uniqueContainerName = ({ name, placement }: Task): string => `claw-${name}-${placement}`

/** Mounts, not Binds: the engine creates a missing source of a bind, and refuses that of a mount. */
function mountOf({ source, target, readOnly }: Task['spec']['mounts'][number]): MountSettings {
  if (!source.startsWith('/')) {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(source))
      throw new ClawError('CONTAINER_FAILED', { detail: `${source} is neither an absolute path nor a volume's name` })
    return { Type: 'volume', Source: source, Target: target, ReadOnly: readOnly }
  }
  const path = posix.normalize(source).replace(/(?<=.)\/$/, '')
  if (forbidden.includes(path) || /^\/(proc|sys|dev)\//.test(path) || path.endsWith('/docker.sock'))
    throw new ClawError('CONTAINER_FAILED', { detail: `the host path ${path} may not be mounted` })
  return { Type: 'bind', Source: path, Target: target, ReadOnly: readOnly }
}
