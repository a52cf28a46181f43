/** Two hosts of the lab that stand in for nodes of an overlay: on each a bridge with its part of the containers' range, and namespaces for containers on that. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { nftables } from '../../src/adapters/nftables/nftables.ts'
import { systemTools } from '../../src/adapters/system/tool.ts'
import type { PacketFilter } from '../../src/ports/packet-filter.ts'
import { LabHosts } from './lab-hosts.ts'
import { eventually } from './mesh.ts'
import { on } from './overlay-lab.ts'

/** Greets on TCP, and gives back what it is sent, as long as it is asked. */
const server = `
  const net = require('node:net'), dgram = require('node:dgram')
  for (const port of [80, 81]) net.createServer((s) => { s.on('error', () => {}); s.write('hello'); s.pipe(s) }).listen(port)
  const udp = dgram.createSocket('udp4')
  udp.on('message', (text, { port, address }) => udp.send(text, port, address))
  udp.bind(80, () => console.log('ready'))
`

const talker = (address: string): string => `
  const s = require('node:net').connect(80, '${address}')
  let sent = 0
  s.on('connect', () => setInterval(() => s.write(String(sent++ % 10)), 50))
  s.on('data', (text) => console.log(String(text)))
  s.on('error', () => {})
`

export const containerAt = (host: number, index: number): string => `10.200.${host}.${index + 1}`

export class PolicyHosts {
  readonly hosts: LabHosts
  readonly #folder = mkdtempSync(join(tmpdir(), 'claw-policies-'))
  readonly #children: ChildProcess[] = []

  private constructor(hosts: LabHosts) {
    this.hosts = hosts
  }

  /** So many containers on each of the two, which all listen. */
  static async up(containers: number): Promise<PolicyHosts> {
    const lab = new PolicyHosts(await LabHosts.up(2))
    try {
      for (const host of [1, 2]) await lab.#make(host, containers)
      return lab
    } catch (error) {
      await lab.down()
      throw error
    }
  }

  async #make(host: number, containers: number): Promise<void> {
    const other = 3 - host
    const lines = [
      'set -e; mkdir -p /run/netns; mount -t tmpfs none /run/netns',
      'ip link add br0 type bridge; ip link set br0 up',
      `ip address add 10.200.${host}.1/24 dev br0`,
      'echo 1 > /proc/sys/net/ipv4/ip_forward',
      `ip route add 10.200.${other}.0/24 via ${this.hosts.addressOf(other)}`,
      ...Array.from({ length: containers }, (_, i) => i + 1).flatMap((index) => [
        `ip netns add c${index}; ip link add v${index} type veth peer name e${index}`,
        `ip link set v${index} master br0 up; ip link set e${index} netns c${index} name eth0`,
        `ip -n c${index} address add ${containerAt(host, index)}/24 dev eth0`,
        `ip -n c${index} link set eth0 up; ip -n c${index} link set lo up`,
        `ip -n c${index} route add default via 10.200.${host}.1`,
      ]),
    ]
    await on(this.hosts, host, 'bash', '-c', lines.join('\n'))
    for (let index = 1; index <= containers; index += 1) {
      const child = this.#start(host, `c${index}`, server)
      await once(createInterface(child.stdout ?? process.stdin), 'line')
    }
    const own = this.#start(host, null, server)
    await once(createInterface(own.stdout ?? process.stdin), 'line')
  }

  filter(host: number): PacketFilter {
    const tools = systemTools()
    const [nsenter = '', ...words] = this.hosts.on(host)
    return nftables({
      ...{ name: 'claw-policies', folder: join(this.#folder, String(host)) },
      run: (command, args, limits) => tools(nsenter, [...words, command, ...args], limits),
    })
  }

  run(host: number, ...command: readonly string[]): Promise<string> {
    return on(this.hosts, host, ...command)
  }

  /** Which of these a container gets an answer from, as HOST:PORT/PROTOCOL; null for the host itself. All are asked at the same time. */
  async reaches(host: number, container: number | null, targets: readonly string[]): Promise<readonly string[]> {
    const tries = targets.map((target) => {
      const [, address = '', port = '', protocol = ''] = /^(.*):(\d+)\/(\w+)$/.exec(target) ?? []
      return `(timeout 1 bash -c 'exec 3<>/dev/${protocol}/${address}/${port} && echo >&3 && read -t 1 -n 1 -u 3 x' 2>/dev/null && echo ${target}) &`
    })
    const inside = container === null ? [] : ['ip', 'netns', 'exec', `c${container}`]
    const printed = await this.run(host, ...inside, 'bash', '-c', `${tries.join('\n')}\nwait`)
    return printed
      .split('\n')
      .filter((line) => line !== '')
      .toSorted()
  }

  /** A connection that goes on; what is told is how much has come back so far. */
  async talk(host: number, container: number, address: string): Promise<() => number> {
    const child = this.#start(host, `c${container}`, talker(address))
    let heard = 0
    child.stdout?.on('data', (chunk: Buffer) => {
      heard += chunk.length
    })
    await eventually(
      'it talks',
      10_000,
      () => Promise.resolve(heard),
      (count) => count > 10,
    )
    return () => heard
  }

  #start(host: number, namespace: string | null, program: string): ChildProcess {
    const [nsenter = '', ...words] = this.hosts.on(host)
    const inside = namespace === null ? [] : ['ip', 'netns', 'exec', namespace]
    const child = spawn(nsenter, [...words, ...inside, process.execPath, '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#children.push(child)
    return child
  }

  async down(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    await this.hosts.down()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
