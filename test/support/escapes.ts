/** What is tried to get out of a container, by name. */
import { labImage } from './lab-docker.ts'

/** What was tried, and how it ended. */
export interface Attempt {
  readonly name: string
  /** The code of the refusal, or that it failed inside; null when it worked. */
  readonly stopped: string | null
  /** It works in a privileged container of this engine, so that it was stopped shows something. Left out where that is no question. */
  readonly isProven?: boolean
}

/** How many there were, and each by name. */
export const countsOf = (attempts: readonly Attempt[]) => ({
  tried: attempts.length,
  allowed: attempts.filter(({ stopped }) => stopped === null).length,
  unprovenHere: attempts.filter(({ isProven }) => isProven === false).length,
})

/** Each of them, in words. */
export function told(attempts: readonly Attempt[]): string {
  const { tried, allowed, unprovenHere } = countsOf(attempts)
  const lines = attempts.map(
    ({ name, stopped, isProven }) =>
      `  ${stopped === null ? 'ALLOWED' : 'stopped'} ${name}: ${stopped ?? ''}${isProven === false ? ' (shows nothing here: it would not work for a privileged container either)' : ''}`,
  )
  return `escape attempts: ${tried}, allowed: ${allowed}, unproven here: ${unprovenHere}\n${lines.join('\n')}\n`
}

/** Paths of the host that a node is asked to mount. ENGINE is the socket of its engine; what has no slash in front is in a folder of the test. */
export const mountTries: readonly (readonly [name: string, path: string])[] = [
  ['mount the root of the host', '/'],
  ['mount what holds the folder that is allowed', '..'],
  ['mount /proc of the host', '/proc'],
  ['mount the control groups of the host', '/sys/fs/cgroup'],
  ['mount the devices of the host', '/dev'],
  ['mount /etc by way of ..', 'shared/../../../../../etc'],
  ['mount the usual socket of the engine', '/var/run/docker.sock'],
  ['mount /run', '/run'],
  ['mount the socket of this very engine', 'ENGINE'],
  ['mount the folder of that socket', 'ENGINE/..'],
  ['mount the state of the daemon', 'state'],
  ['mount what holds the state of the daemon', '.'],
  ['mount a link to the root', 'shared/root'],
  ['mount through a link to the root', 'shared/root/etc/ssl'],
  ['mount a link to /etc', 'shared/etc'],
  ['mount a link to the socket of the engine', 'shared/engine'],
  ['mount a link to the state of the daemon', 'shared/state'],
  ['mount a link to elsewhere', 'shared/outside'],
  ['mount a link to a device', 'shared/device'],
  ['mount a folder whose name begins alike', 'shared-evil'],
  ['mount a folder that is not there', 'shared/none'],
  ['mount a volume with options in its name', 'vol:/etc'],
  ['mount a relative path', '../../etc'],
]

export function sourceOf(path: string, folder: string, engineSocket: string): string {
  if (path.startsWith('ENGINE')) return path.replace('ENGINE', engineSocket)
  const isPlain = path.startsWith('/') || path.includes(':') || path.startsWith('../')
  return isPlain ? path : `${folder}/${path}`
}

/** Requests of somebody who is no administrator. */
export const privilegeTries: readonly (readonly [name: string, request: object])[] = [
  ['run privileged', { privileges: ['privileged'] }],
  ['add SYS_ADMIN', { privileges: ['SYS_ADMIN'] }],
  ['add SYS_MODULE, written otherwise', { privileges: ['CAP_sys_module'] }],
  ['ask to see the processes of the host', { privileges: ['host-pid'] }],
  ['have the memory of the host', { privileges: ['host-ipc'] }],
  ['have the network of the host', { network: 'host' }],
  ['mount any path', { privileges: ['host-paths'], volumes: ['/home:/x'] }],
  ['mount / at the door', { volumes: ['/:/host'] }],
  ['mount the socket at the door', { volumes: ['/var/run/docker.sock:/s'] }],
]

/** Requests in which words are to be more than words. */
export const wordTries: readonly (readonly [name: string, request: object])[] = [
  ['be privileged in a word of one’s own', { privileges: ['seccomp=unconfined'] }],
  ['give an option as the name', { name: '--privileged' }],
  ['give an option as the image', { image: '--privileged -v /:/x' }],
  ['give an option as the user', { user: '0:0 --privileged' }],
  ['end a variable early', { env: { 'A=B\0C': 'x' } }],
  ['give a mount three ends', { volumes: ['/data:/x:ro:/etc'] }],
]

/** What a stranger asks for beyond what strangers get. */
export const strangerTries: readonly (readonly [name: string, more: object])[] = [
  ['as a stranger, mount a volume', { mounts: [{ source: 'cache', target: '/x' }] }],
  ['as a stranger, be root', { user: '0' }],
  ['as a stranger, add NET_RAW', { privileges: ['cap-NET_RAW'] }],
  ['as a stranger, have the network of the host', { network: 'host' }],
  ['as a stranger, be a gang', { parts: { count: 1, gang: true } }],
  ['as a stranger, have no limits', { memoryMib: undefined }],
  ['as a stranger, run a tag that may change', { image: labImage }],
  ['as a stranger, run as a plain process', { executor: 'process' }],
]

/**
 * Each is a line of shell that succeeds when it gets out. As a check of the check, a privileged container tries them too: what does not
 * work there either shows nothing on this machine. Null instead of that where it would do harm to the machine.
 */
export const insideTries: readonly (readonly [name: string, script: string, control?: null])[] = [
  ['mount(2) a memory file system', 'mkdir -p /tmp/m && mount -t tmpfs none /tmp/m'],
  ['mount(2) another /proc', 'mkdir -p /tmp/p && mount -t proc proc /tmp/p'],
  [
    'mount a control group, and open its release_agent',
    'mkdir -p /tmp/c && mount -t cgroup -o memory cgroup /tmp/c && : > /tmp/c/release_agent',
  ],
  [
    'make a control group',
    'mkdir /sys/fs/cgroup/memory/evil && rmdir /sys/fs/cgroup/memory/evil || { mkdir /sys/fs/cgroup/unified/evil && rmdir /sys/fs/cgroup/unified/evil; }',
  ],
  ['make a block device', 'mknod /tmp/disk b 8 0'],
  ['make a character device', 'mknod /tmp/mem c 1 1'],
  [
    'read a disk by a device of one’s own',
    'set -- $(sed -n 3p /proc/partitions) && mknod /tmp/d b $1 $2 && head -c 1 /tmp/d',
  ],
  ['find a disk, or memory, in /dev', 'ls /dev/sd* /dev/vd* /dev/nvme* /dev/mem /dev/kmsg 2>/dev/null | grep .'],
  ['see the processes of the host', '[ "$(ls /proc | grep -cE "^[0-9]+$")" -gt 12 ]'],
  ['find the engine among the processes', 'ls -l /proc/[0-9]*/exe 2>/dev/null | grep -q dockerd'],
  ['load a kernel module', 'modprobe loop', null],
  ['open a raw socket', 'ping -c 1 -w 1 127.0.0.1 || ping -c 1 -w 1 localhost'],
  ['trigger SysRq', ': > /proc/sysrq-trigger'],
  ['open core_pattern', ': > /proc/sys/kernel/core_pattern'],
  ['open another setting of the kernel', ': > /proc/sys/kernel/randomize_va_space'],
  ['read the memory of the kernel', '[ -n "$(head -c 16 /proc/kcore)" ]'],
  ['read the log of the kernel', 'dmesg 2>/dev/null | grep -q .'],
  ['make a user namespace', 'unshare -U true'],
  ['make a mount namespace', 'unshare -m true'],
  ['make a network device', 'ip link add evil0 type dummy || ip link set lo mtu 1400'],
  ['rename the host', 'hostname evil'],
  ['set the clock', '! date -s @$(date +%s) 2>&1 | grep -q "not permitted"', null],
  ['open more files than it may', 'ulimit -n 16385', null],
  [
    'have a capability beyond those given',
    '[ $(( 0x$(sed -n "s/^CapBnd:[[:space:]]*//p" /proc/self/status) & ~0x405fb )) -ne 0 ]',
  ],
  ['gain privileges by setuid', '! grep -q "NoNewPrivs:.*1" /proc/self/status'],
  ['make system calls that are not filtered', '! grep -q "Seccomp:.*2" /proc/self/status'],
  [
    'read what another container was told',
    'cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" | grep -q "^NEIGHBOUR="',
  ],
  ['read the state of the daemon', 'cat $STATE/identity.key || cat /proc/[0-9]*/root$STATE/identity.key'],
  ['find the socket of the engine', 'ls $ENGINE_SOCKET /proc/[0-9]*/root$ENGINE_SOCKET 2>/dev/null | grep .'],
  ['be given GPUs by asking in the environment', '[ "$NVIDIA_VISIBLE_DEVICES" != void ]', null],
  ['find a GPU that was not given', 'ls /dev/nvidia* /dev/dri /dev/kfd 2>/dev/null | grep .', null],
  ['reach a port of the host', 'echo | nc -w 1 127.0.0.1 $HOST_PORT 2>/dev/null | grep -q reached'],
  ['reach the engine by TCP', 'nc -w 1 127.0.0.1 2375 </dev/null || nc -w 1 127.0.0.1 2376 </dev/null', null],
  ['reach a metadata service', 'wget -q -T 1 -O - http://169.254.169.254/', null],
]
