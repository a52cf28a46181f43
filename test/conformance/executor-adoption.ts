/** What a restarted daemon relies on. */
import { describe, expect, test } from 'vitest'
import { meshId, nodeId } from '../../src/model/ids.ts'
import type { Bench, ExecutorAbilities } from './executor-bench.ts'
import { mesh, never, node } from './executor-bench.ts'

export function adoptionOfATask(bench: () => Bench, can: ExecutorAbilities): void {
  describe.runIf(can.keepsTasks)('after a restart of the daemon', () => {
    test('a running task goes on, its log continues, and its exit is reported', async () => {
      const survivor = bench().task([{ print: 'before' }, { wait: 1_500 }, { print: 'after' }, { exit: 5 }])
      await bench().start(survivor)
      const before = await bench().firstLines(survivor.placement, 1)
      const was = bench().status(survivor.placement)

      await bench().reopen()
      expect(await bench().adopt()).toContainEqual(was)
      expect(bench().status(survivor.placement)).toEqual(was)
      const from = before.at(-1)?.position ?? null
      expect(await bench().texts(survivor.placement, { follow: true, from })).toEqual(['after'])
      expect(await bench().ended(survivor.placement)).toMatchObject({ exitCode: 5, error: { code: 'NONZERO_EXIT' } })
    })

    test('a task that ended meanwhile reports its exit, and starting it again does not', async () => {
      const short = bench().task([{ print: 'ran' }, { wait: 100 }, { exit: 6 }])
      await bench().start(short)
      await bench().reopen()
      await bench().adopt()
      const end = await bench().ended(short.placement)

      await bench().reopen()
      const adopted = await bench().adopt()
      expect(adopted).toContainEqual(expect.objectContaining({ placement: short.placement, status: end }))
      expect(end).toMatchObject({ exitCode: 6, error: { code: 'NONZERO_EXIT' } })
      await bench().start(short)
      expect(await bench().texts(short.placement)).toEqual(['ran'])
    })

    test('a time-out still holds', async () => {
      const slow = bench().task([{ wait: 60_000 }], { timeoutMs: 1_000 })
      await bench().start(slow)
      await bench().reopen()
      await bench().adopt()
      expect((await bench().ended(slow.placement)).error?.code).toBe('WORKLOAD_TIMEOUT')
    })

    test('a task can be stopped and removed', async () => {
      const survivor = bench().task([{ wait: 60_000 }])
      await bench().start(survivor)
      await bench().reopen()
      await bench().adopt()
      await bench().stop(survivor.placement, 0)
      expect(bench().status(survivor.placement)?.status).toMatchObject({ state: 'ended', error: null })
      await bench().remove(survivor.placement)
      expect(bench().status(survivor.placement)).toBeNull()
    })

    test('tasks of another mesh or node are left alone', async () => {
      const mine = bench().task([{ wait: 60_000 }])
      await bench().start(mine)
      await bench().reopen()
      const elsewhere = meshId('mesh-00000000000000000000000000000002')
      const isMine = expect.objectContaining({ placement: mine.placement }) as unknown
      expect(await bench().play(bench().executor.adopt(elsewhere, node, never))).not.toContainEqual(isMine)
      expect(await bench().play(bench().executor.adopt(mesh, nodeId('12D3KooWSomeoneElse'), never))).not.toContainEqual(
        isMine,
      )
    })
  })

  test.runIf(can.device !== undefined)('a task knows its devices, also after a restart', async () => {
    const devices = can.device === undefined ? [] : [can.device]
    const owner = { ...bench().task([{ wait: 60_000 }]), devices }
    await bench().start(owner)
    const uuids = devices.map(({ uuid }) => uuid)
    expect(bench().status(owner.placement)?.devices).toEqual(uuids)
    if (!can.keepsTasks) return
    await bench().reopen()
    await bench().adopt()
    expect(bench().status(owner.placement)?.devices).toEqual(uuids)
  })
}
