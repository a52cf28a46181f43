/** What work prints that is over as soon as it has begun: shown to whoever stays with it. */
import { expect, test } from 'vitest'
import { second } from '../../src/model/time.ts'
import { followJob, type JobOutput } from '../../src/services/molt/buying/job-watch.ts'
import { market, wish, work } from '../support/molt/buyers-market.ts'

test('given work that ends before anybody has heard that it runs, when its buyer stays with it, then its output is shown', async () => {
  const stage = await market({ providers: [{ work: { takes: 0 }, output: ['at once'] }] })
  const { lab, service } = stage
  const { id } = await lab.play(service().submit({ name: 'train', wish: wish(), work, by: 'user:ada' }))
  const shown: JobOutput[] = []
  const follow = async (): Promise<void> => {
    const { signal } = new AbortController()
    const following = { service: service(), clock: lab.world }
    for await (const one of followJob(following, { job: id, tail: null }, signal)) shown.push(one)
  }
  await lab.play(follow())
  expect(shown.map(({ item }) => item.text)).toContain('at once\n')
  await lab.world.runFor(10 * second)
  expect(service().job(id).buy.why).toBe('completed')
})
