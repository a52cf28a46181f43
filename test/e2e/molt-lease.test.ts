/** A node lends a GPU to a stranger: a real daemon, a real container in a sandbox, and a buyer of no mesh at all. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Agreement, agreementId } from '../../src/core/molt/agreement.ts'
import { readLeaseLogs } from '../../src/wire/molt-lease.ts'
import { containersOf, DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labImage, publishGuest } from '../support/lab-docker.ts'
import { type Daemon, eventually } from '../support/mesh.ts'
import { joinNetwork, lend, partyOf } from '../support/molt/market-network.ts'
import { ScriptedBuyer, someWork } from '../support/molt/scripted-buyer.ts'
import { Stranger } from '../support/molt/stranger.ts'
import { Registry } from '../support/registry.ts'

interface Lease {
  readonly id: string
  readonly state: string
  readonly why: string | null
  readonly workload: string | null
  readonly devices: readonly string[]
  readonly paid: { readonly micro: string } | null
  readonly how: string | null
  readonly work: { readonly state: string; readonly about: string | null }
}
interface Status {
  readonly addresses: readonly string[]
}

const policy = `
prices: { '*': 36 MOLT }
interval: 4s
reclaim: 2s
shortest: 1s
`

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const stranger = new Stranger()
  const folder = mkdtempSync(join(tmpdir(), 'claw-molt-lease-'))
  const mesh = new DockerMesh()
  let registry: Registry
  let daemon: Daemon
  let buyer: ScriptedBuyer
  let digest: string
  let image: string

  beforeAll(async () => {
    registry = await Registry.start()
    ;({ name: image, digest } = await publishGuest(registry))
    daemon = await mesh.addDocker('lender')
    const party = await partyOf(daemon)
    // The stranger has to have something to pay with, so he is its issuer.
    const founding = { folder, witness: { party, port: 4711 }, issuer: stranger.id }
    const genesis = await joinNetwork(founding, [daemon])
    // A registry at an address has to be allowed by its name.
    await lend(daemon, folder, `${policy}images: { allowed: ['${registry.host}/*'] }\n`)
    await stranger.join(genesis, party, await addressesNow())
    buyer = new ScriptedBuyer(stranger.world())
  }, 120_000)
  afterAll(async () => {
    await stranger.leave()
    await mesh.stop()
    await registry.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const addressesNow = async (): Promise<readonly string[]> => {
    const { addresses } = await eventually(
      'its market host is up',
      30_000,
      () => daemon.json<Status>('molt', 'status'),
      (status) => status.addresses.length > 0,
    )
    return addresses
  }

  const rent = (command: readonly string[], seconds = 60): Promise<Agreement> =>
    buyer.rent(
      buyer.want({
        gpus: 1,
        model: null,
        duration: seconds * 1_000,
        maxTotal: 10_000_000n,
        image: { name: image, digest },
      }),
      someWork({
        image: `${image}@${digest}`,
        entrypoint: null,
        command: [...command],
        env: { A_TOKEN: 'hidden' },
        cpus: 1,
        memoryMib: 64,
      }),
    )
  const info = (agreement: Agreement): Promise<Lease> =>
    daemon.json<Lease>('molt', 'lease', 'info', agreementId(agreement))
  const reaches = (agreement: Agreement, ...states: readonly string[]): Promise<Lease> =>
    eventually(
      `the lease is ${states.join(' or ')}`,
      60_000,
      () => info(agreement),
      ({ state }) => states.includes(state),
    )
  const containerOf = async (lease: Lease) => {
    const [one] = await containersOf(lease.workload ?? '')
    if (one === undefined) throw new Error('there is no container')
    return one
  }

  test('a guest runs in a sandbox, without network, with the GPU that it has paid for, and is paid to its end', async () => {
    const agreement = await rent(['sh', '-c', 'echo token=$A_TOKEN; ls /sys/class/net; sleep 6; echo done'])
    await buyer.follow(agreement, ({ state }) => state === 'running')
    const lease = await info(agreement)
    const { HostConfig, State } = await containerOf(lease)
    expect(State.Running).toBe(true)
    expect(HostConfig).toMatchObject({ Runtime: 'runsc', NetworkMode: 'none', ReadonlyRootfs: true })
    expect(await daemon.cli('workload', 'info', lease.workload ?? '', '--json')).not.toMatchObject({
      stdout: expect.stringContaining('hidden'),
    })
    await buyer.follow(agreement)
    const closed = await eventually(
      'it is closed',
      60_000,
      () => info(agreement),
      ({ how }) => how !== null,
    )
    expect(closed).toMatchObject({ state: 'closed', why: 'completed', how: 'agreed', work: { state: 'completed' } })
    const said: string[] = []
    const asked = { agreement: agreementId(agreement), from: null, tail: null, follow: false }
    for await (const { text } of stranger.rpc.stream(
      buyer.world.provider,
      readLeaseLogs,
      asked,
      AbortSignal.timeout(10_000),
    ))
      said.push(text)
    expect(said.join('')).toMatch(/token=hidden\nlo\ndone\n/)
    const earned = await daemon.json<{ leases: number; earned: { micro: string } }>('molt', 'earnings')
    expect(earned).toMatchObject({ leases: 1, earned: { micro: closed.paid?.micro } })
    expect(BigInt(closed.paid?.micro ?? '0')).toBeGreaterThan(50_000n)
  }, 180_000)

  test('a guest that is not paid any longer is held still, goes on when it is, and is ended when its buyer wants no more', async () => {
    const agreement = await rent(['sh', '-c', 'while true; do echo tick; sleep 0.2; done'])
    await buyer.follow(agreement, ({ state }) => state === 'running')
    const paused = await reaches(agreement, 'paused')
    await eventually(
      'its container stands still',
      10_000,
      () => containerOf(paused),
      ({ State }) => State.Paused,
    )
    await buyer.follow(agreement, ({ isRunning, note }) => isRunning && note === null)
    await eventually(
      'its container goes on',
      10_000,
      () => containerOf(paused),
      ({ State }) => !State.Paused,
    )
    await buyer.talk(agreement, { cancel: true })
    await buyer.follow(agreement)
    const closed = await eventually(
      'it is closed',
      60_000,
      () => info(agreement),
      ({ how }) => how !== null,
    )
    expect(closed).toMatchObject({ state: 'closed', why: 'cancelled', how: 'agreed' })
    expect((await containersOf(paused.workload ?? '')).every(({ State }) => !State.Running)).toBe(true)
  }, 180_000)

  test('a daemon that is killed takes its lease up again, and work of its owner goes before that of strangers', async () => {
    const agreement = await rent(['sleep', '300'], 300)
    await buyer.follow(agreement, ({ state }) => state === 'running')
    await daemon.end('SIGKILL')
    await daemon.start()
    await stranger.find(await addressesNow())
    const lease = await reaches(agreement, 'running', 'paused')
    await buyer.follow(agreement, ({ state, note }) => state === 'running' && note === null)
    expect((await containerOf(lease)).State.Running).toBe(true)
    await daemon.json('run', '-d', '--name', 'own', '--gpus', '4', labImage, '--', 'sleep', '60')
    await buyer.follow(agreement)
    const closed = await eventually(
      'it is closed',
      60_000,
      () => info(agreement),
      ({ how }) => how !== null,
    )
    expect(closed).toMatchObject({ state: 'closed', why: 'reclaimed' })
    await eventually(
      'the owner’s own work runs',
      60_000,
      () => daemon.json<{ state: string }>('workload', 'info', 'own'),
      ({ state }) => state === 'running',
    )
    await daemon.cli('stop', 'own')
  }, 240_000)
})
