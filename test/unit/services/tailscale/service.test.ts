import { describe, expect, test } from 'vitest'
import type { TailscaleSetup } from '../../../../src/core/tailscale/setup.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import type { TailscaleWhy } from '../../../../src/model/tailnet-failures.ts'
import { silent } from '../../../../src/ports/log.ts'
import type { TailscaleClient } from '../../../../src/ports/tailscale.ts'
import { TailscaleService } from '../../../../src/services/tailscale/service.ts'
import { World } from '../../../../src/simulation/world.ts'
import { play } from '../../../support/play.ts'
import { needsLogin, plainSetup, printed } from '../../../support/tailscale-samples.ts'

const { signal } = new AbortController()
const at = '/ip4/100.64.0.1/tcp/4710'

/** A client that does as it is told, at once. */
class FakeClient implements TailscaleClient {
  text = needsLogin()
  failure: TailscaleWhy | null = null
  upFailure: TailscaleWhy | null = null
  readonly ups: { readonly args: readonly string[]; readonly key: string | null }[] = []

  status(): Promise<string> {
    return this.failure === null ? Promise.resolve(this.text) : Promise.reject(failed(this.failure))
  }

  up(args: readonly string[], key: string | null): Promise<void> {
    this.ups.push({ args, key })
    if (this.upFailure !== null) return Promise.reject(failed(this.upFailure))
    this.text = printed()
    return Promise.resolve()
  }

  down(): Promise<void> {
    this.text = printed({ BackendState: 'Stopped', TailscaleIPs: null, Peer: null })
    return Promise.resolve()
  }

  echo: TailscaleClient['echo'] = (_, { count }) =>
    Promise.resolve({ sent: count, received: count, averageMs: 1, path: null, problem: null })
}

const failed = (why: TailscaleWhy): ClawError => new ClawError('TAILSCALE_FAILED', { why, problem: `it is ${why}` })

async function started(key: string | null, parts: Partial<TailscaleSetup> = {}, text = needsLogin()) {
  const world = new World(1)
  const client = new FakeClient()
  client.text = text
  const setup = { ...plainSetup, ...parts }
  const service = new TailscaleService(
    { clock: world, log: silent, client, key: () => Promise.resolve(key) },
    { setup, listen: ['/ip4/0.0.0.0/tcp/4710'] },
  )
  const told: number[] = []
  service.onProblems(() => told.push(world.now()))
  await service.start()
  return { world, client, service, told }
}

test('given a key, it logs in once, and tells where the host is reached', async () => {
  const { world, client, service } = await started('tskey-auth-abc')
  await world.runFor(30_000)
  expect(client.ups).toEqual([{ args: expect.arrayContaining(['--timeout=30s']) as unknown, key: 'tskey-auth-abc' }])
  expect(service.addresses()).toEqual([at])
  expect(service.problems()).toEqual([])
  await play(world, service.stop())
})

test('given none, it does nothing but say what a person has to run', async () => {
  const { world, client, service, told } = await started(null)
  await world.runFor(30_000)
  expect(client.ups).toEqual([])
  expect(service.addresses()).toEqual([])
  expect(service.problems()).toEqual([
    'tailscale: this host is not logged in, and there is no key: see  network tailscale status  for what to run',
  ])
  expect(service.look()?.troubles[0]?.command).toContain('sudo tailscale up --hostname=clawnode-ada')
  expect(told).toHaveLength(1)
})

test('given settings that want none, it does not even look', async () => {
  const world = new World(1)
  const client = new FakeClient()
  client.failure = 'missing'
  const deps = { clock: world, log: silent, client, key: () => Promise.resolve(null) }
  const service = new TailscaleService(deps, { setup: null, listen: [] })
  await service.start()
  await world.runFor(60_000)
  expect([service.look(), service.problems(), await service.up(signal), await service.down(signal)]).toEqual([
    ...[null, [], null, null],
  ])
})

test('given one that is up already, it is told the settings without the key', async () => {
  const { world, client } = await started('tskey-auth-abc', {}, printed())
  await world.runFor(30_000)
  expect(client.ups.map(({ key }) => key)).toEqual([null])
})

test('a key that is refused is tried ever less often, and the reason is told', async () => {
  const { world, client, service } = await started('tskey-auth-abc')
  client.upFailure = 'refused'
  await world.runFor(120_000)
  expect(client.ups.length).toBeGreaterThan(2)
  expect(client.ups.length).toBeLessThan(6)
  expect(service.problems()).toEqual(['tailscale: it is refused'])
  client.upFailure = null
  await world.runFor(120_000)
  expect(service.problems()).toEqual([])
  expect(service.addresses()).toEqual([at])
})

describe('given one that is up', () => {
  const up = async (parts: Partial<TailscaleSetup> = {}) => {
    const host = await started('tskey-auth-abc', parts)
    await host.world.runFor(10_000)
    expect(host.client.ups).toHaveLength(1)
    return host
  }

  test('when it is turned off, its addresses are taken back at once, and it stays off until it is brought up', async () => {
    const { world, client, service } = await up()
    await play(world, service.down(signal))
    expect(service.addresses()).toEqual([])
    await world.runFor(60_000)
    expect(client.ups).toHaveLength(1)
    expect(service.problems()).toEqual(['tailscale: it was turned off: run  clawbernetes network tailscale up'])
    expect((await play(world, service.up(signal)))?.announced).toEqual([at])
    expect(client.ups.at(-1)?.key).toBeNull()
  })

  test('when its daemon does not run any more, its addresses are taken back', async () => {
    const { world, client, service } = await up()
    client.failure = 'daemon'
    await world.runFor(10_000)
    expect(service.addresses()).toEqual([])
    expect(service.problems()).toEqual([
      'tailscale: its daemon does not run: run  sudo systemctl enable --now tailscaled',
    ])
  })

  test('when it only does not answer, they stay for a minute', async () => {
    const { world, client, service } = await up()
    client.failure = 'silent'
    await world.runFor(40_000)
    expect(service.addresses()).toEqual([at])
    await world.runFor(40_000)
    expect(service.addresses()).toEqual([])
  })

  test('when it prints what is no status, that is told', async () => {
    const { world, client, service } = await up()
    client.text = '<html>'
    await world.runFor(10_000)
    expect(service.problems()).toEqual(['tailscale: tailscale status printed no status'])
  })

  test('a tailnet that is not the one that is wanted is not told of', async () => {
    const { service } = await up({ tailnet: 'elsewhere.example' })
    expect(service.addresses()).toEqual([])
    expect(service.problems()[0]).toContain('is in the tailnet example.org, not in elsewhere.example')
  })

  test('only ways to machines that are there are sure', async () => {
    const { world, client, service } = await up()
    const [bob, cyd] = ['/ip4/100.64.0.2/tcp/1/p2p/x', '/ip4/192.168.1.1/tcp/1/p2p/x']
    expect(service.ways([bob, cyd])).toEqual([bob])
    client.text = printed({ Peer: { a: { TailscaleIPs: ['100.64.0.2'], Online: false } } })
    await world.runFor(10_000)
    expect(service.ways([bob, cyd])).toEqual([])
  })
})

test('without a key, bringing it up tells where a person lets the host in', async () => {
  const { world, client, service } = await started(null)
  client.upFailure = 'refused'
  client.text = needsLogin({ AuthURL: 'https://login.example/a/1' })
  const look = await play(world, service.up(signal))
  expect(look?.tailnet?.loginUrl).toBe('https://login.example/a/1')
  expect(client.ups[0]?.args).toContain('--timeout=8s')
  client.text = needsLogin()
  await expect(play(world, service.up(signal))).rejects.toThrow('it is refused')
})

test('given settings that leave it to the owner, it is turned neither on nor off, and what to run is said', async () => {
  const { client, service } = await started('tskey-auth-abc', { manages: false }, printed())
  const by = (command: string) => ({ code: 'TAILSCALE_BY_HAND', message: expect.stringContaining(command) as string })
  await expect(service.up(signal)).rejects.toMatchObject(by('sudo tailscale up --hostname=clawnode-ada'))
  await expect(service.down(signal)).rejects.toMatchObject(by('sudo tailscale down'))
  expect([client.ups, client.text]).toEqual([[], printed()])
})
