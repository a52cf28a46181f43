/** What a container may have beyond what every container has. Whoever asks for it needs a permission of its own, and it is on record. */
import { z } from 'zod'

/** What Linux divides root into. */
export const linuxCapabilities = [
  ...['AUDIT_CONTROL', 'AUDIT_READ', 'AUDIT_WRITE', 'BLOCK_SUSPEND', 'BPF', 'CHECKPOINT_RESTORE', 'CHOWN'],
  ...['DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'IPC_LOCK', 'IPC_OWNER', 'KILL', 'LEASE'],
  ...['LINUX_IMMUTABLE', 'MAC_ADMIN', 'MAC_OVERRIDE', 'MKNOD', 'NET_ADMIN', 'NET_BIND_SERVICE', 'NET_BROADCAST'],
  ...['NET_RAW', 'PERFMON', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYSLOG', 'SYS_ADMIN', 'SYS_BOOT'],
  ...['SYS_CHROOT', 'SYS_MODULE', 'SYS_NICE', 'SYS_PACCT', 'SYS_PTRACE', 'SYS_RAWIO', 'SYS_RESOURCE', 'SYS_TIME'],
  ...['SYS_TTY_CONFIG', 'WAKE_ALARM'],
] as const

/** In words that follow `with`. */
const meanings = {
  privileged: 'everything that its host may do (privileged)',
  'host-pid': 'the processes of its host in sight',
  'host-ipc': 'the shared memory of its host',
  'host-paths': 'paths of its host outside those that are allowed',
  'host-network': 'the network of its host',
} as const

/** The network of its node is asked for by another field. */
const named = ['privileged', 'host-pid', 'host-ipc', 'host-paths'] as const

const capability = (name: string): string => `cap-${name}`
const known: ReadonlySet<string> = new Set([...named, ...linuxCapabilities.map(capability)])

/** One that a spec names: `privileged`, `host-pid`, `host-ipc`, `host-paths` or `cap-NET_ADMIN`. */
export const Privilege = z
  .string()
  .max(32)
  .refine((word) => known.has(word), `must be ${named.join(', ')}, or a capability such as cap-NET_ADMIN`)

/** As people write it: `net_admin`, `CAP_NET_ADMIN` and `cap-net_admin` are one. */
export function privilegeIn(word: string): string {
  const bare = word
    .toUpperCase()
    .replaceAll(/^(CAP[-_])/g, '')
    .replaceAll('-', '_')
  return linuxCapabilities.some((name) => name === bare) ? capability(bare) : word.toLowerCase()
}

/** Of the capabilities among them, the names that an engine knows. */
export const capabilitiesIn = (privileges: readonly string[]): readonly string[] =>
  privileges.flatMap((one) => (one.startsWith('cap-') ? [one.slice(4)] : []))

/** `the network of its host and the capability NET_ADMIN`. */
export function inWords(privileges: readonly string[]): string {
  const words = privileges.map((one) =>
    one.startsWith('cap-') ? `the capability ${one.slice(4)}` : (meanings[one as keyof typeof meanings] ?? one),
  )
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
}
