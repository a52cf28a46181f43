import { expect, test } from 'vitest'
import { ada } from '../../../support/control-samples.ts'
import { closed, node, number } from '../../../support/policy-node.ts'

test('what is heard of work without a new address, elsewhere or here, makes no ruling; what is heard of one elsewhere has some time', async () => {
  const { service, world, filter, run, place, report, runs } = node()
  await service.start()
  run(closed())
  place('wl-a')
  runs('wl-a', '10.200.2.2')
  await world.runFor(1_000)
  const before = filter.applied
  place('wl-b', ada)
  runs('wl-a', '10.200.2.2')
  await world.runFor(1_000)
  expect(filter.applied).toBe(before)
  for (let i = 2; i < 6; i += 1) {
    place(`wl-far-${i}`, ada)
    report(`wl-far-${i}`, `10.200.1.${i}`, ada)
    await world.runFor(100)
  }
  expect(filter.applied).toBe(before)
  await world.runFor(200)
  expect(filter.applied).toBe(before + 1)
  runs('wl-a', '10.200.2.9')
  await world.runFor(100)
  expect([filter.applied, filter.ruling?.known]).toEqual([before + 2, [number('10.200.2.9')]])
})

test('where a fresh state is refused at once, it is asked for again with the next look, however often that is woken', async () => {
  const { service, world, filter, run, place, runs, known } = node({ isFresh: false })
  await service.start()
  run(closed())
  await world.runFor(4_000)
  expect(known.asked).toBe(1)
  expect(filter.applied).toBeLessThan(4)
  for (let i = 0; i < 40; i += 1) {
    place(`wl-${i}`)
    runs(`wl-${i}`, `10.200.2.${i + 2}`)
    await world.runFor(100)
  }
  expect(known.asked).toBe(2)
})

test('work that has kept an address of an earlier range stays under its policies until it ends', async () => {
  const { service, world, filter, run, place, runs, ends } = node()
  await service.start()
  run(closed())
  place('wl-a')
  runs('wl-a', '10.77.1.5')
  await world.runFor(1_000)
  const group = { way: 'ingress', members: [number('10.77.1.5')], allows: [] }
  expect(filter.ruling).toMatchObject({ ranges: ['10.200.2.0/24', '10.77.1.5/32'], groups: [group] })
  ends('wl-a')
  await world.runFor(1_000)
  expect(filter.ruling).toMatchObject({ ranges: ['10.200.2.0/24'], groups: [] })
})
