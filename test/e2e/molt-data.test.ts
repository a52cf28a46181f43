/** What goes with work to a stranger and comes back: two meshes that know nothing of each other, a real engine, and nothing left behind. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { tarEnd, tarHeader, tarPadding } from '../../src/lib/tar-header.ts'
import { hasLab } from '../support/docker-mesh.ts'
import { labDocker, labImage, publishGuest } from '../support/lab-docker.ts'
import { type Daemon, eventually } from '../support/mesh.ts'
import { seesInMarket } from '../support/molt/market-network.ts'
import { MarketPair } from '../support/molt/market-pair.ts'
import { type SecondEngine, startSecondEngine } from '../support/second-engine.ts'

interface Job {
  readonly id: string
  readonly state: string
  readonly why: string | null
  readonly outputsUntil: string | null
}

const policy = `
prices: { '*': 36 MOLT }
interval: 4s
shortest: 1s
data: { inputs: 512Mi, outputs: 64Mi, images: 64Mi, keep: 5m }
`

describe.skipIf(!hasLab)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const engine = connectEngine(labDocker ?? '')
  let pair: MarketPair
  let lender: Daemon
  let buyer: Daemon
  let folder: string
  let image: string
  let theirs: SecondEngine | null = null

  beforeAll(async () => {
    theirs = startSecondEngine()
    pair = await MarketPair.up({ buyer: ['--executor', 'docker', '--docker-host', theirs.address] })
    ;({ lender, buyer, folder } = pair)
    const { name, digest } = await publishGuest(pair.registry)
    image = `${name}@${digest}`
    await pair.join(`${policy}images: { allowed: ['${pair.registry.host}/*', 'docker.io/claw/*'] }\n`)
    await seesInMarket(buyer, 'something', ({ length }) => length > 0)
  }, 120_000)
  afterAll(async () => {
    theirs?.stop()
    await pair.down()
  })

  const request = (name: string, options: readonly string[], script: string, of = image) =>
    buyer.json<Job>(
      ...['molt', 'request', '--yes', '-d', '--name', name, '--max-price', '10', '--duration', '60s'],
      ...['--image', of, '--memory', '64Mi', ...options, '--', 'sh', '-c', script],
    )
  const becomes = (name: string, what: string, holds: (seen: Job) => boolean) =>
    eventually(`the job ${what}`, 60_000, () => buyer.json<Job>('molt', 'job', 'info', name), holds)
  const isOver = ({ state }: Job): boolean => ['completed', 'failed', 'cancelled'].includes(state)

  const sumOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

  /** Volumes of guests, and containers of leases, ended ones too. */
  async function left(): Promise<readonly string[]> {
    const { Volumes: volumes } = await engine.listVolumes({ filters: { label: ['claw.guest=data'] } })
    const containers = await engine.listContainers({ all: true, filters: { label: ['managed-by=clawbernetes'] } })
    const guests = containers.filter(({ Labels: labels }) => labels['claw.name']?.startsWith('lease-') === true)
    return [...volumes.map(({ Name: name }) => name), ...guests.map(({ Names: names }) => names.join())]
  }
  const nothingIsLeft = () => eventually('nothing of guests is left', 30_000, left, (all) => all.length === 0)

  test('what work has left is fetched as it was, and is wiped where it was then, as is all else of the guest', async () => {
    const script = [
      ...['cd /out; mkdir -p deep/er; head -c 3000000 /dev/urandom > deep/er/data; printf hi > small; chmod +x small'],
      ...['ln -s /etc/passwd link; sha256sum deep/er/data; (touch /elsewhere) 2>&1 | grep -c Read-only'],
    ].join('; ')
    await request('makes', ['--output', '/out', '--output', '/more', '--output-size', '32Mi'], script)
    const { outputsUntil } = await becomes('makes', 'is over', isOver)
    expect(Date.parse(outputsUntil ?? '') - Date.now()).toBeGreaterThan(200_000)
    // Of the guest that is what its buyer is to have, and nothing else.
    await eventually('the container is gone', 20_000, left, (all) => all.every((name) => name.includes('-out-')))
    const to = join(folder, 'results')
    const { folders, isWiped } = await buyer.json<{ folders: readonly object[]; isWiped: boolean }>(
      ...['molt', 'job', 'outputs', 'makes', '--to', to],
    )
    expect(isWiped).toBe(true)
    expect(folders).toMatchObject([
      { folder: '/out', files: 2, leftOut: 1 },
      { folder: '/more', files: 0 },
    ])
    expect(readdirSync(to).toSorted()).toEqual(['more', 'out'])
    expect(readFileSync(join(to, 'out/small'), 'utf8')).toBe('hi')
    expect(statSync(join(to, 'out/small')).mode & 0o777).toBe(0o755)
    const { createHash } = await import('node:crypto')
    const sum = createHash('sha256')
      .update(readFileSync(join(to, 'out/deep/er/data')))
      .digest('hex')
    expect((await buyer.cli('molt', 'logs', 'makes')).stdout).toBe(`${sum}  deep/er/data\n1\n`)
    await nothingIsLeft()
    const again = await buyer.cli('molt', 'job', 'outputs', 'makes', '--to', join(folder, 'again'))
    expect(again).toMatchObject({ code: 4, stderr: expect.stringContaining('it was fetched, and is gone since') })
    expect(existsSync(join(folder, 'again', 'out'))).toBe(false)
  }, 120_000)

  test('what is sent with work is there before it begins, and nothing of it stays, though both daemons are killed while it is sent', async () => {
    const data = join(folder, 'data')
    mkdirSync(join(data, 'more'), { recursive: true })
    writeFileSync(join(data, 'large'), randomBytes(60_000_000))
    writeFileSync(
      join(data, 'more/run.sh'),
      '#!/bin/sh\ncd /in && sha256sum large | tee /out/sum; touch /in/own 2>&1 | grep -c Read-only',
      {
        mode: 0o755,
      },
    )
    const options = ['--input', `${data}:/in`, '--output', '/out', '--output-size', '1Mi']
    await request('takes', options, '/in/more/run.sh')
    await becomes('takes', 'is being sent', ({ state }) => state === 'starting')
    await lender.end('SIGKILL')
    await lender.start()
    await buyer.end('SIGKILL')
    await buyer.start()
    const over = await becomes('takes', 'is over', isOver)
    expect(over).toMatchObject({ state: 'completed' })
    const to = join(folder, 'sums')
    await buyer.json('molt', 'job', 'outputs', 'takes', '--to', to)
    expect(readFileSync(join(to, 'out/sum'), 'utf8')).toBe(`${sumOf(join(data, 'large'))}  large\n`)
    expect((await buyer.cli('molt', 'logs', 'takes')).stdout).toContain('large\n1\n')
    await nothingIsLeft()
    expect(readdirSync(join(buyer.dataDir, 'molt-inputs'))).toEqual([])
  }, 150_000)

  test('an image that only the buyer has is sent with its work, and goes with it', async () => {
    const buyers = connectEngine(theirs?.address ?? '')
    const container = await buyers.createContainer({ Image: labImage })
    const header = tarHeader({ name: 'only', bytes: 4 })
    await container.putArchive(Readable.from([Buffer.concat([header, Buffer.from('here'), tarPadding(4), tarEnd()])]), {
      path: '/',
    })
    await container.commit({ repo: 'claw/only', tag: '1' })
    await container.remove()
    await request('brings', [], 'cat /only', 'claw/only:1')
    expect(await becomes('brings', 'is over', isOver)).toMatchObject({ state: 'completed' })
    expect((await buyer.cli('molt', 'logs', 'brings')).stdout).toBe('here\n')
    await nothingIsLeft()
    const { Id: id } = await buyers.getImage('claw/only:1').inspect()
    const has = async (): Promise<boolean> => (await engine.listImages()).some((one) => one.Id === id)
    await eventually('the image has gone', 20_000, has, (is) => !is)
  }, 120_000)

  test('work that leaves more than was agreed on is ended', async () => {
    await request('floods', ['--output', '/out', '--output-size', '8Mi'], 'yes > /out/endless')
    expect(await becomes('floods', 'is over', isOver)).toMatchObject({ state: 'failed' })
  }, 120_000)
})
