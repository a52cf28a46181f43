/**
 * The overlay between two hosts of the lab, against a WireGuard link made by hand between the same two: TCP throughput, and the time that
 * an echo takes. In turn, so that both meet the same machine; the ratios are within one run.
 *
 *     sudo scripts/lab/lab.sh wireguard; node scripts/bench/run.mjs overlay [seconds] [rounds]
 *
 * Both are wireguard-go where the kernel has no WireGuard, and share the processors with the load and two daemons.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tunnelKeys } from '../../src/adapters/keys/tunnel-keys.ts'
import { eventually } from '../../test/support/mesh.ts'
import { OverlayLab } from '../../test/support/overlay-lab.ts'
import { figure, quantile, round } from './figures.ts'

const seconds = Number(process.argv[2] ?? 5)
const rounds = Number(process.argv[3] ?? 5)
const hosts = [1, 2] as const
const ways = ['overlay', 'by hand'] as const
type Way = (typeof ways)[number]
const byHand = (host: number): string => `10.98.0.${host}`

const lab = await OverlayLab.up(2, { all: 2, hidden: [] })
try {
  await lab.of(1).cli('network', 'wg', 'enable')
  await lab.allReach(hosts)
  await link()
  const { nodes } = await lab.status()
  const overlay = nodes.find(({ node }) => node === 'gpu-2')?.address ?? ''
  lab.start(2, 'iperf3', '--server')
  await eventually(
    'iperf3 listens',
    10_000,
    () => lab.run(2, 'ss', '-ltn'),
    (out) => out.includes(':5201'),
  )
  const seen: Record<Way, Seen[]> = { overlay: [], 'by hand': [] }
  for (let i = 0; i < rounds; i += 1)
    for (const way of i % 2 === 0 ? ways : ways.toReversed())
      seen[way].push(await measure(way === 'overlay' ? overlay : byHand(2)))
  tell(seen)
} finally {
  await lab.down()
}

interface Seen {
  readonly mbits: number
  /** Of two hundred. */
  readonly echoMs: number
}

async function measure(address: string): Promise<Seen> {
  const text = await lab.run(1, 'iperf3', '--client', address, '--time', String(seconds), '--json')
  const { end } = JSON.parse(text) as { end: { sum_received: { bits_per_second: number } } }
  const echo = await lab.run(1, 'ping', '-n', '-i', '0.02', '-c', '200', address)
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
  const ratios = (what: keyof Seen): readonly number[] =>
    seen.overlay.map((one, i) => one[what] / (seen['by hand'][i]?.[what] ?? Number.NaN))
  figure('overlay against a link by hand', 'ratio', {
    throughput: middle(ratios('mbits')),
    echo: middle(ratios('echoMs')),
  })
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
      ...[`AllowedIPs = ${byHand(other)}/32`, `Endpoint = ${at}:51900`, ''],
    ]
    const file = join(lab.mesh.directory, `hand-${host}.conf`)
    writeFileSync(file, lines.join('\n'), { mode: 0o600 })
    const device =
      'ip link add dev hand type wireguard 2>/dev/null || WG_PROCESS_FOREGROUND=1 setsid wireguard-go --foreground hand >/dev/null 2>&1 &'
    await lab.run(host, 'sh', '-c', `cd ${lab.mesh.directory}; ${device}`)
    await eventually(
      'the link is there',
      10_000,
      () => lab.run(host, 'wg', 'show', 'hand', 'dump'),
      (out) => out !== '',
    )
    await lab.run(host, 'wg', 'setconf', 'hand', file)
    await lab.run(host, 'ip', 'address', 'add', `${byHand(host)}/24`, 'dev', 'hand')
    await lab.run(host, 'ip', 'link', 'set', 'dev', 'hand', 'mtu', '1420', 'up')
  }
  await eventually(
    'the link works',
    20_000,
    () => lab.run(1, 'ping', '-c', '1', '-W', '1', byHand(2)),
    (out) => out.includes(' 1 received'),
  )
}
