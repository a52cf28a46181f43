/** Containers on hosts of the lab, each with an engine of its own, that reach each other over the overlay, also through two routers. */
import type { ChildProcess } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OutputOf } from '../../src/operations/registry.ts'
import { labImage } from '../support/lab-docker.ts'
import { eventually } from '../support/mesh.ts'
import { hasOverlayLab, OverlayLab } from '../support/overlay-lab.ts'

const all = [1, 2, 3]
const saidBy = ({ stdout }: ChildProcess): Promise<string> => (stdout === null ? Promise.resolve('') : text(stdout))

describe.skipIf(!hasOverlayLab)('given three hosts with an engine each, one behind a router, and an overlay', () => {
  let lab: OverlayLab
  beforeAll(async () => {
    lab = await OverlayLab.up(3, { all: 4, hidden: [2], engines: true })
    expect((await lab.of(1).cli('network', 'wg', 'enable')).code).toBe(0)
    await lab.allReach(all)
    await serve('web', 2)
    await run('client', 1, 'sleep', '600')
  }, 240_000)
  afterAll(async () => {
    await lab.down()
  }, 60_000)

  const run = (name: string, host: number, ...command: readonly string[]) =>
    lab
      .of(1)
      .json(
        'run',
        '-d',
        '--name',
        name,
        '--node',
        `gpu-${host}`,
        '--image',
        labImage,
        '--stop-grace',
        '1s',
        ...['--', ...command],
      )
  const serve = (name: string, host: number) =>
    run(name, host, 'sh', '-c', `while true; do echo ${name} of host ${host} | nc -l -p 8080; done`)

  /** What somebody in the container gets there; nothing when it is refused or lost. */
  const get = async (from: string, address: string): Promise<string> =>
    (await lab.of(1).cli('exec', from, '--', 'nc', '-w', '2', address, '8080')).stdout.trim()

  const gets = (from: string, address: string, expected: string) =>
    eventually(
      `${from} gets ${expected} from ${address}`,
      30_000,
      () => get(from, address),
      (said) => said === expected,
    )

  const addressOf = async (name: string): Promise<string> => {
    const { overlayAddress } = await eventually(
      `${name} has an address`,
      30_000,
      () => lab.of(1).json<{ overlayAddress: string | null }>('workload', 'info', name),
      (info) => info.overlayAddress !== null,
    )
    return overlayAddress ?? ''
  }

  /** From a container that the mesh knows nothing of, on the engine's usual network: there are guests. */
  const asGuest = async (host: number, address: string): Promise<string> => {
    const said = await lab.docker(host, 'run', '--rm', labImage, 'sh', '-c', `nc -w 2 ${address} 8080 || echo refused`)
    return said.trim()
  }

  test('a container reaches that of another host by its name, and sees it end', async () => {
    await gets('client', 'web.default.claw', 'web of host 2')
    expect(await get('client', 'web')).toBe('web of host 2')
    const { nodes } = await lab.status()
    const subnet = nodes.find(({ node }) => node === 'gpu-2')?.subnet ?? ''
    expect((await addressOf('web')).split('.').slice(0, 3)).toEqual(subnet.split('.').slice(0, 3))
    await serve('brief', 3)
    await gets('client', 'brief', 'brief of host 3')
    await lab.of(1).cli('stop', 'brief')
    await eventually(
      'nothing has that name',
      20_000,
      () => lab.of(1).cli('exec', 'client', '--', 'nslookup', 'brief.default.claw'),
      ({ code }) => code !== 0,
    )
  }, 90_000)

  test('what the other sees is the container’s own address, and what is outside sees its host', async () => {
    const seen = async (from: string): Promise<string> => {
      const program = `
        const server = require('node:net').createServer((socket) => {
          console.log(socket.remoteAddress)
          socket.destroy()
          server.close()
        })
        server.listen(9090, '0.0.0.0')
      `
      const listening = lab.start(3, process.execPath, '-e', program)
      const said = saidBy(listening)
      await eventually(
        'it listens',
        10_000,
        () => lab.run(3, 'ss', '-ltn'),
        (out) => out.includes(':9090'),
      )
      await lab.of(1).cli('exec', 'client', '--', 'sh', '-c', `nc -w 2 ${from} 9090 </dev/null`)
      return said
    }
    const inside = (await lab.status()).nodes.find(({ node }) => node === 'gpu-3')?.address ?? ''
    expect(await seen(inside)).toContain(await addressOf('client'))
    expect(await seen(lab.hosts.addressOf(3))).toContain(lab.hosts.addressOf(1))
  }, 60_000)

  test('a deployment in them is reached at the port of its service, and its name has the address of each replica', async () => {
    const reply = 'HTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\nConnection: close\\r\\n\\r\\nserved'
    const program = ['sh', '-c', `while true; do printf '${reply}' | nc -l -p 8080; done`]
    const ports = ['--service', '8085:8080', '--port', '8080', '--min-ready', '1s', '--stop-grace', '1s']
    const made = await lab.of(1).cli('deploy', 'create', 'api', labImage, '--replicas', '2', ...ports, '--', ...program)
    expect(made.code, made.stderr).toBe(0)
    const fetched = `fetch('http://127.0.0.1:8085/').then((one) => one.text()).then(console.log, String)`
    await eventually(
      'it is served',
      30_000,
      () => lab.run(3, process.execPath, '-e', fetched),
      (said) => said.trim() === 'served',
    )
    const { addresses } = await lab.of(1).json<OutputOf<'network.resolve'>>('network', 'resolve', 'api')
    expect(new Set(addresses).size).toBe(2)
    expect(addresses.every((address) => address.startsWith('10.200.'))).toBe(true)
    expect((await lab.of(1).cli('deploy', 'delete', 'api', '--yes')).code).toBe(0)
  }, 90_000)

  test('guests reach no container of the overlay, neither from their own host nor from another', async () => {
    const web = await addressOf('web')
    expect(await get('client', web)).toBe('web of host 2')
    expect(await asGuest(1, web)).toBe('refused')
    expect(await asGuest(2, web)).toBe('refused')
  }, 60_000)

  test('rules and a network that somebody takes away are there again', async () => {
    const web = await addressOf('web')
    await lab.run(2, 'sh', '-c', 'iptables -F DOCKER-USER; iptables -P FORWARD DROP; nft delete table ip clawbr')
    await lab.docker(3, 'network', 'rm', 'clawbr')
    await eventually(
      'the rules are there',
      30_000,
      () => lab.run(2, 'sh', '-c', 'iptables -S DOCKER-USER; nft list tables'),
      (out) => out.includes('-i claw0 -o clawbr') && out.includes('table ip clawbr'),
    )
    await gets('client', web, 'web of host 2')
    await serve('late', 3)
    await gets('client', 'late', 'late of host 3')
    await lab.of(1).cli('stop', 'late')
  }, 90_000)

  test('a node that stops takes its network away, unless containers are on it, and both come back, as after its engine was killed', async () => {
    await lab.of(2).end('SIGKILL')
    await lab.of(3).end()
    expect(await lab.docker(3, 'network', 'ls', '--format', '{{.Name}}')).not.toContain('clawbr')
    await lab.hosts.crashEngine(3)
    await lab.hosts.engine(3)
    await lab.of(2).start()
    await lab.of(3).start()
    await lab.allReach(all)
    await gets('client', 'web', 'web of host 2')
    await serve('again', 3)
    await gets('client', 'again', 'again of host 3')
  }, 120_000)

  test('through two routers, of which one takes another port for each destination, a container reaches another by its name', async () => {
    // As some engines do: what is passed on by a host is dropped, but for what its daemon has the engine accept.
    for (const host of [1, 3]) await lab.run(host, 'iptables', '-P', 'FORWARD', 'DROP')
    await lab.leadAtFirst()
    await lab.hosts.behindRouter(201, 4, { takesPorts: true })
    await lab.add(4)
    await lab.allReach([1, 2, 4])
    const { nodes } = await lab.status(4)
    const { link, via } = nodes.find(({ node }) => node === 'gpu-2') ?? expect.fail('there is no gpu-2')
    expect(link).toBe('relayed')
    expect(['gpu-1', 'gpu-3']).toContain(via)
    await run('far', 4, 'sleep', '600')
    await gets('far', 'web', 'web of host 2')
  }, 120_000)

  test('turned off, the network goes once nothing is on it', async () => {
    expect((await lab.of(2).cli('network', 'wg', 'disable')).code).toBe(0)
    expect(
      (await lab.of(1).json<{ overlayAddress: string | null }>('workload', 'info', 'web')).overlayAddress,
    ).toBeNull()
    for (const name of ['web', 'client', 'again', 'far']) await lab.of(1).cli('stop', name)
    for (const host of [...all, 4])
      await eventually(
        `nothing is left on host ${host}`,
        30_000,
        async () => [
          await lab.docker(host, 'network', 'ls', '--format', '{{.Name}}'),
          await lab.run(host, 'sh', '-c', 'nft list tables; iptables -S DOCKER-USER'),
        ],
        (left) => !left.join('').includes('claw'),
      )
  }, 90_000)
})
