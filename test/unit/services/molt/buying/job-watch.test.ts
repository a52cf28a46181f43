import { describe, expect, test } from 'vitest'
import type { Job } from '../../../../../src/core/molt/market/job.ts'
import { ClawError } from '../../../../../src/model/failure.ts'
import { World } from '../../../../../src/simulation/world.ts'
import { followJob, jobStates } from '../../../../../src/services/molt/buying/job-watch.ts'
import type { LogsItem } from '../../../../../src/wire/molt-lease.ts'
import { play } from '../../../../support/play.ts'

const { signal } = new AbortController()
const purchase = (key: string, state: string) => ({ key, state, agreement: {} })
const item = (position: number): LogsItem => ({
  ...{ position, text: `${position}\n`, kinds: 'o1', positions: `${position}`, times: '0', note: null },
})
const away = new ClawError('NODE_UNREACHABLE', { node: 'lender', detail: 'it is down' })

/** A job that a test sees through its states, and what its providers say of its output, one answer for each time that they are asked. */
function jobOf(answers: readonly (readonly (LogsItem | Error | (() => void))[])[]) {
  const world = new World(1)
  const asked: (number | null)[] = []
  const words: Record<string, object> = {}
  let [job, said]: [Job, (job: Job) => void] = [{} as Job, () => {}]
  const becomes = (state: string, ...purchases: readonly object[]): void => {
    job = { id: 'mj-a', words, buy: { state, purchases } } as unknown as Job
    said(job)
  }
  const isSaid = (key: string, word: object): void => void (words[key] = word)
  const service = {
    job: () => job,
    isSettled: ({ buy: { state } }: Job) => state === 'closed',
    onChange: (listener: (changed: Job) => void) => {
      said = listener
      return () => (said = () => {})
    },
    async *logs(_: string, { from }: { readonly from: number | null }) {
      asked.push(from)
      for (const one of answers[asked.length - 1] ?? []) {
        if (one instanceof Error) throw one
        if (typeof one === 'function') one()
        else yield one
      }
    },
  }
  return { world, asked, becomes, isSaid, service: service as unknown as Parameters<typeof followJob>[0]['service'] }
}

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of items) all.push(one)
  return all
}

describe('whoever stays with a job', () => {
  test('sees it as it is, and each time that it changes, until it is over', async () => {
    const { world, becomes, service } = jobOf([])
    becomes('collecting')
    const seen = allOf(jobStates(service, 'mj-a', signal))
    world.after(10, () => becomes('trying'))
    world.after(20, () => becomes('closed'))
    expect((await play(world, seen)).map(({ buy }) => buy.state)).toEqual(['collecting', 'trying', 'closed'])
  })

  test('reads its output on where it was when the provider is back, and once only', async () => {
    const stage = jobOf([
      [item(1), item(2), away],
      [item(3), () => stage.becomes('closed', purchase('a', 'closed'))],
    ])
    stage.becomes('trying', purchase('a', 'running'))
    const { world, service, asked } = stage
    const output = await play(world, allOf(followJob({ service, clock: world }, { job: 'mj-a', tail: null }, signal)))
    expect(output.map((one) => one.item.position)).toEqual([1, 2, 3])
    expect(asked).toEqual([null, 2])
  })

  test('reads what work has printed that was over before it was heard to run', async () => {
    const stage = jobOf([[item(1)]])
    stage.becomes('trying', purchase('a', 'funded'))
    const { world, service } = stage
    world.after(10, () => {
      stage.isSaid('a', { startedAt: null, exitCode: 0 })
      stage.becomes('closing', purchase('a', 'closing'))
    })
    const output = await play(world, allOf(followJob({ service, clock: world }, { job: 'mj-a', tail: null }, signal)))
    expect(output.map((one) => one.item.position)).toEqual([1])
  })

  test('reads on at the provider that takes over', async () => {
    const first = purchase('a', 'closed')
    const stage = jobOf([
      [item(1), () => stage.becomes('trying', first, purchase('b', 'running'))],
      [item(1), () => stage.becomes('closed', first, purchase('b', 'closed'))],
    ])
    stage.becomes('trying', purchase('a', 'running'))
    const { world, service } = stage
    const output = await play(world, allOf(followJob({ service, clock: world }, { job: 'mj-a', tail: null }, signal)))
    expect(output.map(({ attempt }) => attempt)).toEqual([1, 2])
  })

  test('hears why it cannot be read of a provider that is gone for good', async () => {
    const stage = jobOf([[() => stage.becomes('closed', purchase('a', 'closed')), away]])
    stage.becomes('trying', purchase('a', 'running'))
    const { world, service } = stage
    const output = allOf(followJob({ service, clock: world }, { job: 'mj-a', tail: null }, signal))
    await expect(play(world, output)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
  })
})
