/** Two meshes that know nothing of each other: one lends a GPU, the other has work run on it and pays, whatever is killed meanwhile. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasLab } from '../support/docker-mesh.ts'
import { publishGuest } from '../support/lab-docker.ts'
import { type Daemon, eventually } from '../support/mesh.ts'
import { seesInMarket } from '../support/molt/market-network.ts'
import { MarketPair } from '../support/molt/market-pair.ts'

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
  let pair: MarketPair
  let lender: Daemon
  let buyer: Daemon
  let image: string

  beforeAll(async () => {
    pair = await MarketPair.up({ feeBps: 250 })
    ;({ lender, buyer } = pair)
    const { name, digest } = await publishGuest(pair.registry)
    image = `${name}@${digest}`
    // A registry at an address has to be allowed by its name.
    await pair.join(`${policy}images: { allowed: ['${pair.registry.host}/*'] }\n`)
  }, 120_000)
  afterAll(async () => {
    await pair.down()
  })

  const request = (options: readonly string[], command: readonly string[]) => [
    ...['molt', 'request', '--yes', '--max-price', '10', '--image', image, '--memory', '64Mi', ...options],
    ...['--', ...command],
  ]
  const info = (job: string) => buyer.json<Job>('molt', 'job', 'info', job)
  const becomes = (job: string, what: string, holds: (seen: Job) => boolean) =>
    eventually(`the job ${what}`, 60_000, () => info(job), holds)

  test('the buyer sees what is lent, and what work would cost, before it spends anything', async () => {
    const market = await seesInMarket(buyer, 'something', ({ length }) => length > 0)
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
    expect(tooCheap).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('No provider would run it: no offer fits: it may cost too little'),
    })
    expect(await buyer.json('molt', 'jobs', '--all')).toEqual([])
  }, 60_000)

  test('work runs at a stranger, is seen here, and ends with its own exit code and what it has cost', async () => {
    const script = 'echo token=$A_TOKEN; ls /sys/class/net; sleep 3; echo done; exit 3'
    const reply = await buyer.cli(...request(['--duration', '60s', '-e', 'A_TOKEN=own'], ['sh', '-c', script]))
    expect(reply.stdout).toBe('token=own\nlo\ndone\n')
    const [, seconds = '', cost = ''] =
      /guest is over: failed, exit code 3; ([0-9.]+) GPU-seconds, cost (0\.\d+) MOLT/.exec(reply.stderr) ?? []
    // At 36 MOLT an hour: what is shown to be used is what is paid.
    expect(Number(seconds) / 100).toBeCloseTo(Number(cost), 6)
    expect(Number(seconds)).toBeGreaterThan(2)
    expect(reply.code).toBe(3)
    const late = await buyer.cli('molt', 'exec', 'guest', '--', 'true')
    expect(late).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No provider runs the job guest now: it is failed'),
    })
    expect((await buyer.cli('molt', 'logs', 'guest')).stdout).toBe('token=own\nlo\ndone\n')
  }, 90_000)

  test('what work prints that is over at once is shown all the same', async () => {
    const reply = await buyer.cli(...request(['--name', 'quick', '--duration', '60s'], ['echo', 'quick']))
    expect(reply).toMatchObject({ code: 0, stdout: 'quick\n' })
  }, 60_000)

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
      'all leases are closed',
      30_000,
      () => lender.json<Earnings>('molt', 'earnings'),
      ({ leases }) => leases === 3,
    )
    expect(BigInt(earned.paid.micro)).toBe(paid)
    expect(BigInt(earned.earned.micro) + BigInt(earned.fee.micro)).toBe(paid)
  }, 60_000)
})
