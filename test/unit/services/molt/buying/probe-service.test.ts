/** A challenge from the lease to the finding, in virtual time, against a program that answers, lies, dawdles, or breaks off. */
import { expect, test } from 'vitest'
import { SimulatedProbe } from '../../../../../src/adapters/simulated/simulated-probe.ts'
import type { Finding } from '../../../../../src/core/molt/market/findings.ts'
import type { Job } from '../../../../../src/core/molt/market/job.ts'
import { probeLease } from '../../../../../src/core/molt/market/probe-lease.ts'
import { laneMib } from '../../../../../src/lib/memory-lanes.ts'
import { ClawError } from '../../../../../src/model/failure.ts'
import { nodeId } from '../../../../../src/model/ids.ts'
import type { Offer } from '../../../../../src/model/molt-offer.ts'
import { day, second } from '../../../../../src/model/time.ts'
import type { Conversation } from '../../../../../src/ports/conversation.ts'
import { silent } from '../../../../../src/ports/log.ts'
import type { JobRequest } from '../../../../../src/services/molt/buying/buying.ts'
import { ProbeRounds } from '../../../../../src/services/molt/buying/probe-rounds.ts'
import type { ProbeRequest } from '../../../../../src/services/molt/buying/probe-service.ts'
import { ProbeService } from '../../../../../src/services/molt/buying/probe-service.ts'
import { World } from '../../../../../src/simulation/world.ts'
import { conversationPair } from '../../../../../src/wire/conversation.ts'
import { play } from '../../../../support/play.ts'

const never = new AbortController().signal
const [self, provider] = [nodeId('ada'), nodeId('bob')]
const image = { name: 'docker.io/acme/claw-probe', digest: `sha256:${'d'.repeat(64)}` }
const lease = probeLease(image, { maxTotal: 1_000n, isolation: ['gvisor'], arbiters: [] })

/** What is said into a conversation that is over is nobody's to hear. */
const bugs = (error: unknown): void => {
  if (!(error instanceof Error)) throw error
}

type Say = (line: string) => void
/** What the program does with each line that it is told; `end` breaks it off. */
type Program = (line: string, say: Say, end: () => void) => void

function stage(program: Program | null, { running = true, endsIn = 600 * second } = {}) {
  const world = new World(1)
  const found: Finding[] = []
  const asked: JobRequest[] = []
  let isCancelled = false
  const job = { id: 'mj-a', buy: { state: running ? 'trying' : 'closed', why: 'no-bids', purchases: [] as object[] } }
  if (running)
    job.buy.purchases = [{ state: 'running', seen: { isRunning: true }, terms: { endsAt: world.now() + endsIn } }]
  const talk = (signal: AbortSignal): Conversation => {
    if (program === null) throw new ClawError('EXEC_FAILED', { detail: 'there is no such file' })
    const [ours, theirs] = conversationPair()
    signal.addEventListener('abort', () => ours.fail(signal.reason))
    const say = (line: string): void => {
      theirs.send(1, Buffer.from(`${line}\n`)).catch(bugs)
    }
    const read = async (): Promise<void> => {
      for await (const { data } of theirs.chunks) program(Buffer.from(data).toString().trim(), say, () => ours.end())
    }
    read().catch(bugs)
    return ours
  }
  const service = new ProbeService({
    ...{ network: 'n', self, clock: world, random: world },
    findings: { add: (finding) => Promise.resolve(void found.push(finding)) },
    buying: {
      submit: (request) => (asked.push(request), Promise.resolve(job as unknown as Job)),
      job: () => job as unknown as Job,
      isSettled: () => !running,
      onChange: () => () => undefined,
      exec: (_, __, signal) => new Promise((resolve) => resolve(talk(signal))),
      cancel: () => ((isCancelled = true), Promise.resolve(job as unknown as Job)),
    },
  })
  const request: ProbeRequest = {
    ...{ ...lease, provider, program: ['claw-probe'], memoryMib: 2 * laneMib, steps: 4, within: null, by: 'user:ada' },
  }
  const run = () =>
    play(
      world,
      service.probe(request, () => undefined, never),
      600 * second,
    )
  return { world, run, found, asked, isCancelled: () => isCancelled }
}

/** One that does what it should, as simulated tasks have it. */
const honest = (world: () => World): Program => {
  let probe: SimulatedProbe | null = null
  return (line, say) => {
    probe ??= new SimulatedProbe(world(), say, () => undefined)
    probe.write(Buffer.from(`${line}\n`))
  }
}

test('a program that keeps the memory is believed, and its lease is for it alone, and ended', async () => {
  const one: ReturnType<typeof stage> = stage(honest(() => one.world))
  expect(await one.run()).toMatchObject({ job: 'mj-a', verdict: 'probed', why: null })
  expect(one.found).toMatchObject([{ provider, kind: 'probed', job: 'mj-a', about: expect.stringMatching(/8 MiB/) }])
  expect(one.asked).toMatchObject([{ only: provider, wish: { gpus: 1, maxTotal: 1_000n } }])
  expect(one.isCancelled()).toBe(true)
})

test.each([
  ['says something else', () => (_: string, say: Say) => say('there is not so much memory'), /not so much memory/],
  [
    'has a wrong answer',
    () => (line: string, say: Say) => say(line.startsWith('fill') ? 'filled 2' : `answer ${'0'.repeat(64)}`),
    /wrong/,
  ],
] as const)('one that %s has failed', async (_, program, why) => {
  const one = stage(program())
  expect(await one.run()).toMatchObject({ verdict: 'probe-failed', why: expect.stringMatching(why) })
  expect(one.found).toMatchObject([{ kind: 'probe-failed' }])
})

test('one that makes the memory anew for the walk is too slow', async () => {
  const one: ReturnType<typeof stage> = stage((line, say) => {
    if (line.startsWith('walk')) one.world.after(2 * second, () => inner(line, say, () => undefined))
    else inner(line, say, () => undefined)
  })
  const inner = honest(() => one.world)
  expect(await one.run()).toMatchObject({ verdict: 'probe-failed', why: expect.stringMatching(/made anew/) })
})

const silentOne: Program = () => undefined

test.each([
  ['at all', silentOne],
  [
    'with more than that the memory is filled',
    (line: string, say: Say) => void (line.startsWith('fill') && say('filled 2')),
  ],
])('one that was asked, and does not answer %s, has failed', async (_, program) => {
  const one = stage(program, { endsIn: 60 * second })
  const begun = one.world.now()
  expect(await one.run()).toMatchObject({ verdict: 'probe-failed', why: 'it did not answer in time' })
  expect(one.found).toMatchObject([{ kind: 'probe-failed' }])
  // Once its lease is over nobody could tell silence from the end of it.
  expect(one.found[0]?.at).toBeLessThan(begun + 60 * second)
  expect(one.isCancelled()).toBe(true)
})

test('what cannot be asked, breaks off, never begins, or is over before an answer is due, is unclear, and that marks nobody', async () => {
  for (const one of [
    stage(null),
    stage((_, __, end) => end()),
    stage(
      honest(() => new World(2)),
      { running: false },
    ),
    stage(silentOne, { endsIn: 7 * second }),
  ]) {
    expect(await one.run()).toMatchObject({ verdict: 'unclear', why: expect.any(String) })
    expect(one.found).toEqual([])
    expect(one.isCancelled()).toBe(true)
  }
})

test('an owner who wants some a day gets about as many, of providers by chance; one who wants none gets none', async () => {
  const world = new World(5)
  const asked: string[] = []
  const probes = {
    perDay: 24,
    image: `${image.name}@${image.digest}`,
    program: ['claw-probe'],
    memory: '64Mi',
    maxPrice: '2',
  }
  let isOn = false
  const rounds = new ProbeRounds({
    ...{ self, clock: world, random: world, log: silent },
    preferences: () => (isOn ? { probes } : {}),
    offers: () => ['ada', 'bob', 'cyd', 'bob'].map((name) => ({ provider: nodeId(name) }) as Offer),
    probe: (request) => {
      expect(request).toMatchObject({
        ...{ memoryMib: 64, steps: 512 },
        wish: { image, maxTotal: 2_000_000n, isolation: ['gvisor', 'kata'] },
      })
      asked.push(request.provider)
      return Promise.reject(new ClawError('MOLT_TOO_MANY_JOBS', { most: 1 }))
    },
  })
  rounds.start()
  await world.runFor(2 * day)
  expect(asked).toEqual([])
  isOn = true
  await world.runFor(10 * day)
  await rounds.stop()
  expect(asked.length).toBeGreaterThan(180)
  expect(asked.length).toBeLessThan(300)
  const bobs = asked.filter((name) => name === 'bob').length
  expect(bobs / asked.length).toBeGreaterThan(0.4)
  expect(bobs / asked.length).toBeLessThan(0.6)
  expect(asked).not.toContain('ada')
})
