import { expect, test } from 'vitest'
import { Window } from '../../../../src/core/proxy/window.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { deploymentId, nodeId } from '../../../../src/model/ids.ts'
import type { GatherDeps } from '../../../../src/services/proxy/gather.ts'
import { gatherStats, measure } from '../../../../src/services/proxy/gather.ts'
import type { ServiceStats } from '../../../../src/services/proxy/service.ts'
import { World } from '../../../../src/simulation/world.ts'
import { play } from '../../../support/play.ts'

const [ada, bob, cyd] = [nodeId('ada'), nodeId('bob'), nodeId('cyd')]
const web = deploymentId('dep-web')
const { signal } = new AbortController()

function counted(revision: number, requests: number, failed: number, latency: number): ServiceStats {
  const window = new Window()
  for (let i = 0; i < requests; i += 1) window.count(revision, i < failed, latency, 0)
  return { revisions: window.over(10_000, 0), unserved: 1 }
}

/** Ada asks; bob has counted too, and cyd never answers. */
function peers(world: World): { readonly deps: GatherDeps & { clock: World }; readonly asked: string[] } {
  const asked: string[] = []
  const call = (node: unknown, _: unknown, __: unknown, off: AbortSignal): Promise<never> => {
    asked.push(String(node))
    if (node === bob) return Promise.resolve(counted(2, 10, 1, 40)) as Promise<never>
    return new Promise((_resolve, reject) =>
      off.addEventListener('abort', () => reject(off.reason instanceof Error ? off.reason : new Error('aborted'))),
    )
  }
  const deps = {
    ...{ self: ada, rpc: { call }, clock: world, proxy: { stats: () => counted(2, 30, 0, 20) } },
    peers: () => [ada, bob, cyd],
  }
  return { deps, asked }
}

test('what all peers have counted is added up, and who does not answer in time is left out', async () => {
  const world = new World(1)
  const { deps } = peers(world)
  const stats = await play(world, gatherStats(deps, { deployment: web, span: 60_000 }, signal))
  expect(stats).toMatchObject({ revisions: [{ revision: 2, requests: 40, failed: 1 }], unserved: 2 })
  expect(world.elapsed()).toBeGreaterThanOrEqual(2_000)
})

test('whoever gives up hears of it', async () => {
  const world = new World(1)
  const off = new AbortController()
  const gathered = gatherStats(peers(world).deps, { deployment: web, span: 60_000 }, off.signal)
  off.abort(new ClawError('NO_LEADER', { detail: 'it leads no more' }))
  await expect(play(world, gathered)).rejects.toMatchObject({ code: 'NO_LEADER' })
})

test('gates look at one revision, and peers are not asked again within a second', async () => {
  const world = new World(1)
  const { deps, asked } = peers(world)
  const look = measure({ ...deps, peers: () => [ada, bob] })
  expect(await play(world, look(web, 2, 60_000, signal))).toEqual({ requests: 40, errors: 1, p99Ms: 44 })
  expect(await play(world, look(web, 1, 60_000, signal))).toBeNull()
  expect(asked).toEqual(['bob'])
  await world.runFor(1_000)
  await play(world, look(web, 2, 60_000, signal))
  expect(asked).toEqual(['bob', 'bob'])
})
