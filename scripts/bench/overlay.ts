/**
 * The overlay between two hosts of the lab, and between a container on each, against a WireGuard link made by hand between the same two
 * hosts, and between a network namespace behind a bridge on each: TCP throughput, and the time that an echo takes. In turn, so that all
 * meet the same machine; the ratios are within one run.
 *
 *     sudo scripts/lab/lab.sh wireguard; node scripts/bench/run.mjs overlay [seconds] [rounds]
 *
 * All are wireguard-go where the kernel has no WireGuard, and share the processors with the load, two daemons and two engines.
 * What measures between containers is the host's, in the network of the container.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tunnelKeys } from '../../src/adapters/keys/tunnel-keys.ts'
import type { OutputOf } from '../../src/operations/registry.ts'
import { labImage } from '../../test/support/lab-docker.ts'
import { eventually } from '../../test/support/mesh.ts'
import { OverlayLab } from '../../test/support/overlay-lab.ts'
import { figure, quantile, round } from './figures.ts'

const seconds = Number(process.argv[2] ?? 5)
const rounds = Number(process.argv[3] ?? 5)
const hosts = [1, 2] as const
const ways = ['overlay', 'by hand', 'containers', 'namespaces by hand'] as const
type Way = (typeof ways)[number]
const byHand = (host: number): string => `10.98.0.${host}`
const behind = (host: number): string => `10.97.${host}.2`

const lab = await OverlayLab.up(2, { all: 2, hidden: [], engines: true })
let ending: Promise<void> | null = null
/** Once, whoever asks for it: when it is interrupted, what was going on fails, and asks too. */
const end = (): Promise<void> => (ending ??= lab.down())

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    const exit = (): never => process.exit(1)
    end().then(exit, exit)
  })

try {
  await lab.of(1).cli('network', 'wg', 'enable')
  await lab.allReach(hosts)
  await link()
  const { nodes } = await lab.status()
  const overlay = nodes.find(({ node }) => node === 'gpu-2')?.address ?? ''
  const containers = await Promise.all(hosts.map(container))
  const inside = containers.map(({ pid }) => ['nsenter', '-t', pid, '-n'])
  const apart = [await namespace(1), await namespace(2)]
  for (const within of [[], inside[1] ?? [], apart[1] ?? []]) {
    lab.start(2, ...within, 'iperf3', '--server')
    await eventually(
      'iperf3 listens',
      10_000,
      () => lab.run(2, ...within, 'ss', '-ltn'),
      (out) => out.includes(':5201'),
    )
  }
  const ends: Record<Way, readonly [within: readonly string[], address: string]> = {
    overlay: [[], overlay],
    containers: [inside[0] ?? [], containers[1]?.address ?? ''],
    'by hand': [[], byHand(2)],
    'namespaces by hand': [apart[0] ?? [], behind(2)],
  }
  const seen: Record<Way, Seen[]> = { overlay: [], 'by hand': [], containers: [], 'namespaces by hand': [] }
  for (let i = 0; i < rounds; i += 1)
    for (const way of i % 2 === 0 ? ways : ways.toReversed()) seen[way].push(await measure(...ends[way]))
  tell(seen)
} finally {
  await end()
}

interface Seen {
  readonly mbits: number
  /** Of two hundred. */
  readonly echoMs: number
}

/** One that does nothing, and whose network is measured. */
async function container(host: number): Promise<{ readonly pid: string; readonly address: string }> {
  const name = `idle-${host}`
  const work = ['--image', labImage, '--stop-grace', '1s', '--', 'sleep', '3600']
  await lab.of(1).json('run', '-d', '--name', name, '--node', `gpu-${host}`, ...work)
  const { overlayAddress } = await eventually(
    `${name} has an address`,
    30_000,
    () => lab.of(1).json<OutputOf<'workload.info'>>('workload', 'info', name),
    (info) => info.overlayAddress !== null,
  )
  const [id = ''] = (await lab.docker(host, 'ps', '-q', '--filter', `label=claw.name=${name}`)).split('\n')
  return { pid: (await lab.docker(host, 'inspect', '-f', '{{.State.Pid}}', id)).trim(), address: overlayAddress ?? '' }
}

async function measure(within: readonly string[], address: string): Promise<Seen> {
  const text = await lab.run(1, ...within, 'iperf3', '--client', address, '--time', String(seconds), '--json')
  const { end } = JSON.parse(text) as { end: { sum_received: { bits_per_second: number } } }
  const echo = await lab.run(1, ...within, 'ping', '-n', '-i', '0.02', '-c', '200', address)
  const times = Array.from(echo.matchAll(/time=([\d.]+)/g), ([, ms]) => Number(ms))
  return { mbits: end.sum_received.bits_per_second / 1e6, echoMs: quantile(times, 0.5) }
}

function tell(seen: Readonly<Record<Way, readonly Seen[]>>): void {
  const middle = (values: readonly number[]): number => round(quantile(values, 0.5))
  for (const way of ways)
    figure('overlay', 'Mbit/s, ms', {
      ...{ way, rounds },
      mbits: middle(seen[way].map(({ mbits }) => mbits)),
      echo: middle(seen[way].map(({ echoMs }) => echoMs)),
    })
  // Round by round, as the machine is never the same for long.
  const pairs = [
    ['overlay', 'by hand'],
    ['containers', 'namespaces by hand'],
    ['containers', 'by hand'],
  ] as const
  for (const [way, other] of pairs) {
    const ratios = (what: keyof Seen): readonly number[] =>
      seen[way].map((one, i) => one[what] / (seen[other][i]?.[what] ?? Number.NaN))
    figure(`${way} against ${other}`, 'ratio', {
      throughput: middle(ratios('mbits')),
      echo: middle(ratios('echoMs')),
    })
  }
}

/** As somebody would make it with the tools alone. */
async function link(): Promise<void> {
  const secrets = hosts.map(() => tunnelKeys.generate())
  for (const host of hosts) {
    const other = host === 1 ? 2 : 1
    const at =
      (await lab.run(other, 'ip', '-o', '-4', 'address', 'show', 'dev', 'eth0')).match(/inet ([\d.]+)/)?.[1] ?? ''
    const lines = [
      ...['[Interface]', `PrivateKey = ${secrets[host - 1] ?? ''}`, 'ListenPort = 51900', '[Peer]'],
      `PublicKey = ${tunnelKeys.publicOf(secrets[other - 1] ?? '')}`,
      ...[`AllowedIPs = ${byHand(other)}/32, ${behind(other)}/32`, `Endpoint = ${at}:51900`, ''],
    ]
    const file = join(lab.mesh.directory, `hand-${host}.conf`)
    writeFileSync(file, lines.join('\n'), { mode: 0o600 })
    // What carries it where the kernel does not is a child of ours, so that it ends with the lab.
    // In a session of its own, as on a host: the system shares the processors out by session.
    const carrier = 'setsid env WG_PROCESS_FOREGROUND=1 wireguard-go --foreground hand'
    const device = `ip link add dev hand type wireguard 2>/dev/null || exec ${carrier} >/dev/null 2>&1`
    lab.start(host, 'sh', '-c', device)
    await eventually(
      'the link is there',
      10_000,
      () => lab.run(host, 'wg', 'show', 'hand', 'dump'),
      (out) => out !== '',
    )
    await lab.run(host, 'wg', 'setconf', 'hand', file)
    await lab.run(host, 'ip', 'address', 'add', `${byHand(host)}/24`, 'dev', 'hand')
    await lab.run(host, 'ip', 'link', 'set', 'dev', 'hand', 'mtu', '1420', 'up')
    await lab.run(host, 'ip', 'route', 'add', `${behind(other)}/32`, 'dev', 'hand')
  }
  await eventually(
    'the link works',
    20_000,
    () => lab.run(1, 'ping', '-c', '1', '-W', '1', byHand(2)),
    (out) => out.includes(' 1 received'),
  )
}

/** As an engine makes one, with nothing else. Gives what to put before a command that is to run there. */
async function namespace(host: number): Promise<readonly string[]> {
  const gateway = `10.97.${host}.1`
  const pid = String(lab.start(host, 'unshare', '--net', 'sleep', '3600').pid)
  const within = ['nsenter', '-t', pid, '-n']
  await eventually(
    'it has a network of its own',
    10_000,
    () => lab.run(host, 'sh', '-c', `readlink /proc/self/ns/net /proc/${pid}/ns/net | uniq | wc -l`),
    (out) => out.trim() === '2',
  )
  const script = `
    set -e
    sysctl -qw net.ipv4.ip_forward=1
    ip link add handbr type bridge
    ip address add ${gateway}/24 dev handbr
    ip link set handbr mtu 1420 up
    ip link add inner mtu 1420 type veth peer name outer mtu 1420
    ip link set outer master handbr up
    ip link set inner netns ${pid}
    ${within.join(' ')} sh -ec 'ip address add ${behind(host)}/24 dev inner; ip link set inner up; ip route add default via ${gateway}'`
  await lab.run(host, 'sh', '-ec', script)
  return within
}
