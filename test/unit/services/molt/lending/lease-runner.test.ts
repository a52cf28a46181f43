import { describe, expect, test } from 'vitest'
import { leaseStep } from '../../../../../src/core/molt/market/lease.ts'
import { ClawError } from '../../../../../src/model/failure.ts'
import { hour, minute, second } from '../../../../../src/model/time.ts'
import { closedAt, LeasedHost, runningLease } from '../../../../support/molt/leased-host.ts'
import { now } from '../../../../support/molt/market.ts'

const failing = (): Promise<never> =>
  Promise.reject(new ClawError('EXECUTOR_UNAVAILABLE', { executor: 'docker', detail: 'it does not answer' }))

const ended = [{ type: 'ended', isFailed: false }, { type: 'stopped' }, closedAt] as const
const closed = ended.reduce((lease, input) => leaseStep(lease, input, now + minute), runningLease())

describe('given work that leaves something, whose lease is closed before its container is gone', () => {
  test('when the container goes, then what it has left stays for the buyer', async () => {
    const host = new LeasedHost(runningLease())
    await host.start()
    await host.step({ type: 'ended', isFailed: false })
    // As a workload is seen that its own lease has told to stop.
    host.sight = { is: 'evicted' }
    await host.step(closedAt)
    await host.world.runFor(20 * second)
    host.sight = { is: 'over', isFailed: false, isTaken: true }
    await host.world.runFor(20 * second)
    expect(host.now).toMatchObject({ state: 'closed', isStopped: true, data: { isFetched: false, isWiped: false } })
    expect(host.wiped).toEqual([false])
    await host.runner.stop()
  })

  test('when its owner’s work needs the GPUs while it runs, then it is still told to end', async () => {
    const host = new LeasedHost(runningLease())
    await host.start()
    host.sight = { is: 'evicted' }
    await host.world.runFor(6 * second)
    expect(host.now).toMatchObject({ state: 'ending', why: 'reclaimed' })
    await host.runner.stop()
  })
})

describe('given what a guest has left, for which the time is over', () => {
  test('when it cannot be taken away, then that is tried again every few seconds, and no oftener', async () => {
    const host = new LeasedHost(closed)
    host.sight = { is: 'over', isFailed: false, isTaken: false }
    host.wipe = failing
    await host.start()
    await host.world.runFor(hour + 5 * minute)
    host.wiped.length = 0
    await host.world.runFor(minute)
    expect(host.wiped.length).toBeGreaterThan(5)
    expect(host.wiped.length).toBeLessThan(15)
    host.wipe = () => Promise.resolve()
    await host.world.runFor(6 * second)
    expect(host.now?.data).toMatchObject({ isWiped: true })
    await host.runner.stop()
  })
})

describe('given work of which nobody can tell how much it leaves', () => {
  test('when that is so for twenty seconds, then it is taken back, and the guest has not failed', async () => {
    const host = new LeasedHost(runningLease())
    host.isWithin = failing
    await host.start()
    await host.world.runFor(15 * second)
    expect(host.now?.state).toBe('running')
    await host.world.runFor(12 * second)
    expect(host.now).toMatchObject({ state: 'closing', why: 'reclaimed' })
    await host.runner.stop()
  })

  test('when it leaves more than was agreed on, then it has failed', async () => {
    const host = new LeasedHost(runningLease())
    host.isWithin = () => Promise.resolve(false)
    await host.start()
    await host.world.runFor(6 * second)
    expect(host.now).toMatchObject({ state: 'closing', why: 'failed' })
    await host.runner.stop()
  })

  test('when its engine tells it again before, then it goes on', async () => {
    const host = new LeasedHost(runningLease())
    host.isWithin = failing
    await host.start()
    await host.world.runFor(12 * second)
    host.isWithin = () => Promise.resolve(true)
    await host.world.runFor(4 * second)
    host.isWithin = failing
    await host.world.runFor(12 * second)
    expect(host.now?.state).toBe('running')
    await host.runner.stop()
  })
})

describe('given an owner who leaves the network at once', () => {
  async function leaving(wipe: () => Promise<void>) {
    const host = new LeasedHost(closed)
    host.sight = { is: 'over', isFailed: false, isTaken: false }
    host.wipe = wipe
    await host.start()
    await host.runner.reclaimAll({ isNow: true })
    let isIdle = false
    const idle = host.runner.idle({ isNow: true }, new AbortController().signal).then(() => (isIdle = true))
    return { host, idle, isIdle: () => isIdle }
  }

  test('when a guest has left something, then it is gone before the node is, and so is what no record speaks of', async () => {
    const { host, idle } = await leaving(() => Promise.resolve())
    host.swept.length = 0
    await host.world.runFor(8 * second)
    await idle
    expect(host.now?.data).toMatchObject({ isWiped: true })
    expect(host.swept).toEqual([new Set()])
    await host.runner.stop()
  })

  test('when it cannot be taken away, then the node does not wait for long', async () => {
    const { host, idle, isIdle } = await leaving(failing)
    await host.world.runFor(15 * second)
    expect(isIdle()).toBe(false)
    await host.world.runFor(10 * second)
    await idle
    expect(host.now?.data).toMatchObject({ isWiped: false })
    await host.runner.stop()
  })
})
