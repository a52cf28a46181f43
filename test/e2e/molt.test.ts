/** Two meshes that know nothing of each other: one lends a GPU, the other has work run on it and pays, whatever is killed meanwhile. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { DockerMesh, hasLab } from '../support/docker-mesh.ts'
import { labDocker, labImage } from '../support/lab-docker.ts'
import { type Daemon, eventually, freePort, Mesh } from '../support/mesh.ts'
import { Registry } from '../support/registry.ts'

interface Money {
  readonly micro: string
}
interface Job {
  readonly id: string
  readonly state: string
  readonly why: string | null
  readonly cost: { readonly paid: Money; readonly promised: Money }
  readonly tries: readonly { readonly state: string; readonly how: string | null; readonly seen: number }[]
}
interface Status {
  readonly party: string | null
  readonly witnesses: { readonly isEnough: boolean }
}
interface Earnings {
  readonly leases: number
  readonly paid: Money
  readonly fee: Money
  readonly earned: Money
}

const policy = `
prices: { '*': 36 MOLT }
interval: 4s
shortest: 1s
`
const ticking = ['sh', '-c', 'i=0; while true; do echo tick $i; i=$((i+1)); sleep 0.5; done']

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'claw-molt-'))
  const lenders = new DockerMesh()
  const buyers = new Mesh()
  let registry: Registry
  let lender: Daemon
  let buyer: Daemon
  let image: string

  beforeAll(async () => {
    registry = await Registry.start()
    const archive = await connectEngine(labDocker ?? '')
      .getImage(labImage)
      .get()
    image = `${registry.host}/claw/guest@${await registry.publish('claw/guest', '1', Readable.from(archive))}`
    const ports = [await freePort(), await freePort()] as const
    lender = await lenders.addDocker('lender', listeningAt(ports[0]))
    buyer = await buyers.add('buyer', { gpus: '', environment: listeningAt(ports[1]) })
    const [seller, payer] = [await partyOf(lender), await partyOf(buyer)]
    const genesis = {
      ...{ name: 'lab', witnesses: [seller], faulty: 0, feeBps: 250, feeTo: payer, claimTime: 3_600_000, createdAt: 1 },
      issuers: [{ account: payer, limit: '1000000000' }],
    }
    const bootstrap = [`/ip4/127.0.0.1/tcp/${ports[0]}/p2p/${seller}`]
    const file = join(folder, 'lab.json')
    writeFileSync(file, JSON.stringify({ format: 'clawbernetes molt network 1', genesis, bootstrap }))
    // A registry at an address has to be allowed by its name.
    writeFileSync(join(folder, 'lending.yaml'), `${policy}images: { allowed: ['${registry.host}/*'] }\n`)
    for (const one of [lender, buyer]) await one.json('molt', 'network', 'join', file)
    await lender.json('molt', 'policy', 'set', join(folder, 'lending.yaml'))
    await lender.json('molt', 'join', '--mode', 'moderate')
    await buyer.json('molt', 'join', '--buy-only')
    await eventually(
      'the buyer reaches the witness',
      30_000,
      () => buyer.json<Status>('molt', 'status'),
      ({ witnesses }) => witnesses.isEnough,
    )
  }, 120_000)
  afterAll(async () => {
    await Promise.all([lenders.stop(), buyers.stop()])
    await registry.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const listeningAt = (port: number) => ({ CLAWNODE_MOLT_LISTEN: `/ip4/127.0.0.1/tcp/${port}` })

  /** A key of the market is made by taking part once. */
  async function partyOf(daemon: Daemon): Promise<string> {
    await daemon.json('molt', 'network', 'create')
    const { party } = await daemon.json<Status>('molt', 'status')
    await daemon.json('molt', 'network', 'leave', '--yes')
    if (party === null) throw new Error('it has no key')
    return party
  }

  const request = (options: readonly string[], command: readonly string[]) => [
    ...['molt', 'request', '--yes', '--max-price', '10', '--image', image, '--memory', '64Mi', ...options],
    ...['--', ...command],
  ]
  const info = (job: string) => buyer.json<Job>('molt', 'job', 'info', job)
  const becomes = (job: string, what: string, holds: (seen: Job) => boolean) =>
    eventually(`the job ${what}`, 60_000, () => info(job), holds)

  test('the buyer sees what is lent, and what work would cost, before it spends anything', async () => {
    const market = await eventually(
      'there is something in the market',
      30_000,
      () => buyer.json<readonly { providers: number; lowest: Money }[]>('molt', 'market'),
      (models) => models.length > 0,
    )
    expect(market).toMatchObject([{ providers: 1, lowest: { micro: '36000000' } }])
    const plan = await buyer.cli(
      'molt',
      'request',
      '--dry-run',
      '--duration',
      '60s',
      '--max-price',
      '10',
      '--image',
      image,
    )
    expect(plan).toMatchObject({ code: 0, stdout: expect.stringContaining('36.00 MOLT an hour of one GPU') })
    const tooCheap = await buyer.cli(
      'molt',
      'request',
      '--yes',
      '--duration',
      '1h',
      '--max-price',
      '1',
      '--image',
      image,
    )
    expect(tooCheap).toMatchObject({ code: 6, stderr: expect.stringContaining('No provider would run it') })
    expect(await buyer.json('molt', 'jobs', '--all')).toEqual([])
  }, 60_000)

  test('work runs at a stranger, is seen here, and ends with its own exit code and what it has cost', async () => {
    const script = 'echo token=$A_TOKEN; ls /sys/class/net; sleep 3; echo done; exit 3'
    const reply = await buyer.cli(...request(['--duration', '60s', '-e', 'A_TOKEN=own'], ['sh', '-c', script]))
    expect(reply.stdout).toBe('token=own\nlo\ndone\n')
    expect(reply.stderr).toMatch(/guest is over: failed, exit code 3; [0-9.]+ GPU-seconds, cost 0\.\d+ MOLT/)
    expect(reply.code).toBe(3)
    expect((await buyer.cli('molt', 'logs', 'guest')).stdout).toBe('token=own\nlo\ndone\n')
  }, 90_000)

  test('a provider and a buyer that are killed go on with what they have agreed', async () => {
    const { id } = await buyer.json<Job>(...request(['-d', '--name', 'long', '--duration', '5m'], ticking))
    await becomes(id, 'runs', ({ state }) => state === 'running')
    expect(await buyer.cli('molt', 'exec', 'long', '--', 'echo', 'here')).toMatchObject({ code: 0, stdout: 'here\n' })

    await lender.end('SIGKILL')
    await lender.start()
    const { tries } = await info(id)
    await becomes(id, 'is seen to run on', (job) => (job.tries[0]?.seen ?? 0) > (tries[0]?.seen ?? 0) + 2)
    await buyer.end('SIGKILL')
    await buyer.start()

    const before = await eventually(
      'the buyer has its jobs',
      30_000,
      () => info(id),
      ({ state }) => state === 'running',
    )
    await becomes(id, 'is paid on', ({ cost }) => BigInt(cost.promised.micro) > BigInt(before.cost.promised.micro))
    expect((await buyer.cli('molt', 'logs', '--tail', '2', id)).stdout).toMatch(/^tick \d+\ntick \d+\n$/)
    await buyer.json('molt', 'cancel', 'long')
    const over = await becomes(id, 'is over', ({ state }) => state === 'cancelled')
    expect(over.tries).toMatchObject([{ state: 'closed', how: 'agreed' }])
  }, 150_000)

  test('what the buyer has paid is what the provider has earned and the fee, to the last µMOLT', async () => {
    const jobs = await buyer.json<readonly Job[]>('molt', 'jobs', '--all')
    const paid = jobs.reduce((sum, { cost }) => sum + BigInt(cost.paid.micro), 0n)
    expect(paid).toBeGreaterThan(0n)
    const earned = await eventually(
      'both leases are closed',
      30_000,
      () => lender.json<Earnings>('molt', 'earnings'),
      ({ leases }) => leases === 2,
    )
    expect(BigInt(earned.paid.micro)).toBe(paid)
    expect(BigInt(earned.earned.micro) + BigInt(earned.fee.micro)).toBe(paid)
  }, 60_000)
})
