/** How containers are fenced in: those of the mesh's own people, and those of strangers. Data, so that whoever decides and whoever makes them go by one list. */

/** One of its own with a way out, that of its node, or none at all. */
export const networks = ['bridge', 'host', 'none'] as const

/** Between its processes and the kernel of its host: gVisor answers their system calls itself, Kata gives them a virtual machine. */
export const sandboxes = ['gvisor', 'kata'] as const
export type Sandbox = (typeof sandboxes)[number]

/** What a container that nothing is said of gets. */
export interface ContainerProfile {
  /** Runs as this one whatever is asked for; null for what the workload or its image says. */
  readonly user: string | null
  /** What is left of root after everything was dropped. */
  readonly capabilities: readonly string[]
  /** Whether anything beyond the profile can be had at all, by whoever has the permission. */
  readonly allowsPrivileges: boolean
  /** Paths of the host: below the prefixes that its owner allows, or none. */
  readonly hostPaths: 'allowed' | 'none'
  readonly networks: readonly ('bridge' | 'host')[]
  /** Whether it may be in the overlay with an address of its own. */
  readonly joinsOverlay: boolean
  /** Whether nothing but what is mounted can be written. */
  readonly readOnly: boolean
  /** Folders in memory that it has in any case, MiB. */
  readonly tmpfs: readonly { readonly target: string; readonly sizeMib: number }[]
  /** Whether programs can be started from folders in memory. */
  readonly tmpfsRuns: boolean
  /** Most processes. */
  readonly pids: number
  /** Largest /dev/shm, MiB; null for any. */
  readonly shmMib: number | null
  /** Limits that the workload has to name. */
  readonly requires: readonly ('cpu' | 'memory' | 'timeout')[]
  /** Whether the image has to be named by its digest. */
  readonly needsDigest: boolean
  /** Variables that neither the image nor the workload can set, by their beginnings. */
  readonly withoutVariables: readonly string[]
}

/**
 * Docker's own list without MKNOD, NET_RAW, AUDIT_WRITE and SETFCAP: ordinary images start as root, make their folders their user's
 * and step down to that user (CHOWN, DAC_OVERRIDE, FOWNER, FSETID, SETGID, SETUID, SETPCAP), end their children (KILL), listen at port 80
 * (NET_BIND_SERVICE) and lock their daemons up (SYS_CHROOT). Nothing among them reaches out of the container's own namespaces.
 */
const stepDown = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE'],
  ...['SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]

/** With these an image would have NVIDIA's runtime give it more than its GPUs: the configuration of MIG, and channels to other hosts. */
const moreDevices = ['NVIDIA_MIG_CONFIG_DEVICES', 'NVIDIA_MIG_MONITOR_DEVICES', 'NVIDIA_IMEX_CHANNELS']

export const profiles = {
  own: {
    user: null,
    capabilities: stepDown,
    allowsPrivileges: true,
    hostPaths: 'allowed',
    networks: ['bridge', 'host'],
    joinsOverlay: true,
    readOnly: false,
    tmpfs: [],
    tmpfsRuns: true,
    pids: 4_096,
    shmMib: null,
    requires: [],
    needsDigest: false,
    withoutVariables: moreDevices,
  },
  /** Strangers also need a user namespace or a sandbox, a network of their own without ways inside, and a bounded disk: what a host must have for them, not what a container is told. */
  guest: {
    user: '65534:65534',
    capabilities: [],
    allowsPrivileges: false,
    hostPaths: 'none',
    networks: ['bridge'],
    joinsOverlay: false,
    readOnly: true,
    tmpfs: [{ target: '/tmp', sizeMib: 256 }],
    tmpfsRuns: false,
    pids: 512,
    shmMib: 1_024,
    requires: ['cpu', 'memory', 'timeout'],
    needsDigest: true,
    withoutVariables: ['LD_', 'NVIDIA_', 'CUDA_MPS_', ...moreDevices],
  },
} as const satisfies Readonly<Record<string, ContainerProfile>>

export const isolations = ['own', 'guest'] as const

export const profileOf = ({ isolation }: { readonly isolation?: 'guest' | undefined }): ContainerProfile =>
  profiles[isolation ?? 'own']
