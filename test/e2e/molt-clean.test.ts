/** A GPU is given to no guest while something is left on it, and is reset after one; and a program in a real container answers a challenge. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { hasLab } from '../support/docker-mesh.ts'
import { labDocker, labImage } from '../support/lab-docker.ts'
import { type Daemon, eventually } from '../support/mesh.ts'
import { seesInMarket, setTerms } from '../support/molt/market-network.ts'
import { MarketPair } from '../support/molt/market-pair.ts'
import { tarOf } from '../support/tar.ts'

interface Status {
  readonly unclean: readonly { readonly device: string; readonly kind: string }[]
}
interface Job {
  readonly state: string
  readonly why: string | null
  readonly tries: readonly { readonly why: string | null; readonly refusal: string | null }[]
}

const table = process.env['CLAW_LAB_GPU_TABLE'] ?? ''
const apps = join(dirname(table), 'apps.csv')
const policy = "prices: { '*': 36 MOLT }\ninterval: 4s\nshortest: 1s\n"
const hasCompiler = spawnSync('cc', ['--version']).status === 0

describe.skipIf(!hasLab || table === '')('with the engine at CLAW_LAB_DOCKER and its simulated GPUs', () => {
  const before = table === '' ? '' : readFileSync(table, 'utf8')
  let pair: MarketPair
  let lender: Daemon
  let buyer: Daemon
  let image: string

  beforeAll(async () => {
    pair = await MarketPair.up()
    ;({ lender, buyer } = pair)
    const { registry } = pair
    image = `${registry.host}/claw/probe@${await registry.publish('claw/probe', '1', Readable.from(await imageOf()))}`
    await pair.join(termsWith(''))
    await lent()
  }, 120_000)
  afterAll(async () => {
    writeFileSync(table, before)
    rmSync(apps, { force: true })
    await pair.down()
  })

  const lent = () => seesInMarket(buyer, 'that all GPUs are lent', ([model]) => model?.free === 4)
  const status = () => lender.json<Status>('molt', 'status')
  const asked = (...command: readonly string[]) => [
    ...['molt', 'request', '--yes', '--gpus', '4', '--duration', '60s', '--max-price', '10', '--image', image],
    ...['--memory', '64Mi', '--', ...command],
  ]

  /** A registry at an address has to be allowed by its name. */
  const termsWith = (more: string): string => `${policy}images: { allowed: ['${pair.registry.host}/*'] }\n${more}`

  /** The lab's image, with the program where there is a compiler for it. */
  async function imageOf(): Promise<NodeJS.ReadableStream> {
    const engine = connectEngine(labDocker ?? '')
    if (!hasCompiler) return engine.getImage(labImage).get()
    const source = join(import.meta.dirname, '..', '..', 'config', 'probe', 'claw-probe.c')
    execFileSync('cc', ['-O2', '-static', '-o', join(pair.folder, 'claw-probe'), source])
    const made = await engine.createContainer({ Image: labImage, Cmd: ['true'] })
    const program = tarOf([
      { name: 'claw-probe', content: readFileSync(join(pair.folder, 'claw-probe')), spoil: executable },
    ])
    await made.putArchive(program, { path: '/bin' })
    await made.commit({ repo: 'claw/probe', tag: '1' })
    await made.remove({ force: true })
    return engine.getImage('claw/probe:1').get()
  }

  test.skipIf(!hasCompiler)(
    'given a challenge, then a program in a sandbox of the provider answers it',
    async () => {
      const probe = ['molt', 'probe', pair.provider, '--image', image, '--program', '/bin/claw-probe']
      const { stdout, code } = await buyer.cli(
        ...[...probe, '--max-price', '5', '--memory', '32Mi', '--steps', '8', '--json'],
      )
      expect([code, JSON.parse(stdout)]).toMatchObject([0, { verdict: 'probed', verification: 'probed', why: null }])
      await lent()
    },
    120_000,
  )

  test('given a process on its GPUs, then the lease is refused, the node says why, and lends again once that has gone', async () => {
    const uuids = before.split('\n').flatMap((line) => /^\d+,(GPU-[^,]+)/.exec(line)?.[1] ?? [])
    writeFileSync(apps, ['gpu_uuid,pid,used_memory', ...uuids.map((uuid) => `${uuid},4711,512`), ''].join('\n'))
    const [request, work] = [asked('true').slice(0, -2), ['--', 'true']]
    const job = (await buyer.cli(...request, '--detach', ...work)).stdout.trim()
    const refused = await eventually(
      'it is refused',
      30_000,
      () => buyer.json<Job>('molt', 'job', 'info', job),
      ({ tries }) => tries[0]?.why === 'refused',
    )
    await buyer.json('molt', 'cancel', job)
    expect(refused).toMatchObject({
      tries: [{ why: 'refused', refusal: 'unclean' }],
    })
    expect((await status()).unclean.map(({ kind }) => kind)).toEqual(Array.from({ length: 4 }, () => 'processes'))
    rmSync(apps)
    // What is on offer may still be what it was before the refusal.
    await eventually('they are clean again', 60_000, status, ({ unclean }) => unclean.length === 0)
    await lent()
    expect((await buyer.cli(...asked('sh', '-c', 'echo well; sleep 3'))).stdout).toBe('well\n')
  }, 180_000)

  test('given a guest that leaves something in memory, then the GPUs are not lent, and are reset where that is allowed', async () => {
    await setTerms(lender, pair.folder, termsWith('gpuReset: true\n'))
    await lent()
    const rented = buyer.cli(...asked('sh', '-c', 'echo begun; sleep 3'))
    await eventually(
      'it runs',
      60_000,
      () => buyer.json<readonly { state: string }[]>('molt', 'jobs'),
      ([job]) => job?.state === 'running',
    )
    writeFileSync(table, before.replaceAll(',81920,0,81920,', ',81920,30000,51920,'))
    expect((await rented).code).toBe(0)
    await eventually('what is left is seen', 30_000, status, ({ unclean }) =>
      unclean.some(({ kind }) => kind === 'memory'),
    )
    await eventually('they are reset', 30_000, status, ({ unclean }) => unclean.length === 0)
    expect(readFileSync(table, 'utf8')).toBe(before)
    await lent()
  }, 180_000)
})

/** Programs may be run by anybody. */
const executable = (header: Buffer): void => void header.write('0000755\0', 100, 'ascii')
