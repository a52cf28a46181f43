/** The container engine is restarted under running work, with its own live-restore and without it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../support/ask.ts'
import { hasLab } from '../support/docker-mesh.ts'
import { labImage } from '../support/lab-docker.ts'
import { type Daemon, eventually, Mesh, type WorkloadInfo } from '../support/mesh.ts'
import { type SecondEngine, startSecondEngine } from '../support/second-engine.ts'

const names = Array.from({ length: 10 }, (_, i) => `count-${i}`)
/** As long as it may take until all are followed again once the engine answers. */
const mostMs = 10_000

describe.skipIf(!hasLab)('on an engine of its own', () => {
  let engine: SecondEngine
  let mesh: Mesh
  let host: Daemon

  beforeAll(async () => {
    engine = startSecondEngine({ liveRestore: true })
    mesh = await Mesh.start({
      names: ['host'],
      gpus: '',
      extra: ['--executor', 'docker', '--docker-host', engine.address],
    })
    host = mesh.get(0)
  })
  afterAll(async () => {
    await mesh.stop()
    engine.stop()
  })

  const info = (name: string): Promise<WorkloadInfo> => ask(host.socket, 'workload.info', { workload: name })
  const lines = async (name: string, more: object = {}): Promise<readonly string[]> => {
    const all = await ask<{ text: string }[]>(host.socket, 'log.lines', { workload: name, lines: 10_000, ...more })
    return all.map(({ text }) => text)
  }
  const counted = (all: readonly string[]): readonly string[] => all.map((_, i) => `line ${i + 1}`)

  /** Counts aloud, and ends with 9 as soon as it is told to. */
  async function counting(name: string, more: object = {}): Promise<void> {
    const script = 'trap "exit 9" TERM; i=0; while :; do i=$((i+1)); echo line $i; sleep 0.1; done'
    const request = { name, image: labImage, gpus: 0, network: 'host', command: ['sh', '-c', script], ...more }
    await ask(host.socket, 'workload.run', request)
    await eventually(
      `${name} runs`,
      30_000,
      () => info(name),
      ({ state }) => state === 'running',
    )
  }

  /** Each has printed something since. Returns how long that took. */
  async function allGoOn(before: ReadonlyMap<string, number>): Promise<number> {
    const begin = Date.now()
    const goOn = async (): Promise<boolean> => {
      const now = await Promise.all(names.map((name) => lines(name)))
      return now.every(({ length }, i) => length > (before.get(names[i] ?? '') ?? 0) + 2)
    }
    await eventually('all are followed again', 30_000, goOn, (isSo) => isSo)
    return Date.now() - begin
  }

  test('with live-restore all go on, are followed again in time, and no line is lost or doubled', async () => {
    await Promise.all(names.map((name) => counting(name)))
    const followed = host.cli('logs', '-f', 'count-0')
    engine.restart()
    const counts = new Map<string, number>()
    for (const name of names) counts.set(name, (await lines(name)).length)
    expect(await allGoOn(counts)).toBeLessThan(mostMs)
    expect(await Promise.all(names.map(info))).toMatchObject(names.map(() => ({ state: 'running', attempt: 1 })))
    await Promise.all(names.map((workload) => ask(host.socket, 'workload.stop', { workload })))
    for (const name of names) {
      await eventually(
        `${name} has ended`,
        30_000,
        () => info(name),
        ({ state }) => state === 'stopped',
      )
      const told = await lines(name)
      expect(told).toEqual(counted(told))
    }
    const { stdout } = await followed
    expect(stdout.trim().split('\n')).toEqual(await lines('count-0'))
  })

  test('without live-restore the engine ends what it runs: that counts as an end of its own, and restarts are up to the work', async () => {
    engine.restart({ liveRestore: false })
    await counting('plain')
    await counting('again', { restart: { policy: 'on-failure', maxRetries: 3, backoff: '1s' } })
    engine.restart({ liveRestore: false })
    const begin = Date.now()
    const again = await eventually(
      'it runs again',
      30_000,
      () => info('again'),
      ({ state, attempt }) => state === 'running' && attempt === 2,
    )
    expect(Date.now() - begin).toBeLessThan(mostMs)
    expect(again.history).toMatchObject([{ attempt: 1, exitCode: 9, reason: 'retry 1 of 3' }])
    expect(await info('plain')).toMatchObject({ state: 'failed', exitCode: 9, error: { code: 'NONZERO_EXIT' } })
    for (const told of [await lines('plain'), await lines('again', { previous: true })])
      expect(told).toEqual(counted(told))
  })
})
