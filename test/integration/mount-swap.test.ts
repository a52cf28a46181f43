/**
 * A folder of the host that is swapped for a link while a container is made that is to have it, on a real engine: the one at CLAW_LAB_DOCKER. The
 * engine is given a path and follows it itself, so what was looked at and what is mounted can be two things.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { strict } from '../../src/adapters/docker/confinement.ts'
import { dockerExecutor } from '../../src/adapters/docker/docker-executor.ts'
import { connectEngine } from '../../src/adapters/docker/engine.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { isClawError } from '../../src/model/failure.ts'
import { meshId, nodeId, placementId, workloadId } from '../../src/model/ids.ts'
import { WorkloadSpec } from '../../src/model/workload.ts'
import type { Executor, Task } from '../../src/ports/executor.ts'
import { silent } from '../../src/ports/log.ts'
import { labDocker, labImage, removeContainersOf } from '../support/lab-docker.ts'
import { runToEnd } from '../support/run-to-end.ts'

const address = labDocker ?? ''
const mesh = meshId('mesh-00000000000000000000000000005a9f')

describe.skipIf(labDocker === null)('with the engine at CLAW_LAB_DOCKER (scripts/lab/docker.sh starts one)', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'claw-swap-')))
  const [shared, outside] = [join(folder, 'shared'), join(folder, 'outside')]
  const [asked, aside] = [join(shared, 'asked'), join(shared, 'aside')]

  const executorWith = (mounts: () => readonly string[]): Executor =>
    dockerExecutor({ address, clock: systemClock, log: silent, confinement: { ...strict, mounts } })

  let count = 0
  const task = (...command: readonly string[]): Task => {
    const workload = workloadId(`wl-s${process.pid.toString(36)}${(count += 1).toString(36)}`)
    return {
      ...{ placement: placementId(workload, 1), workload, attempt: 1, term: 1, mesh, node: nodeId('12D3KooWSwapTest') },
      ...{ env: {}, name: workload, devices: [] },
      spec: WorkloadSpec.parse({ image: labImage, command, mounts: [{ source: asked, target: '/x' }] }),
    }
  }

  beforeEach(() => {
    for (const path of [shared, outside]) rmSync(path, { recursive: true, force: true })
    for (const path of [shared, outside, asked]) mkdirSync(path)
    writeFileSync(join(asked, 'word'), 'allowed')
    writeFileSync(join(outside, 'word'), 'secret')
  })
  afterAll(async () => {
    await removeContainersOf(address, mesh)
    rmSync(folder, { recursive: true, force: true })
  })

  test.each([
    [2, 'between the look and the container'],
    [3, 'between the last look and the mount'],
  ])('given a swap at look %i, %s, then it fails and nothing is left', async (at) => {
    let looks = 0
    const executor = executorWith(() => {
      looks += 1
      // By now the path was followed, and is given to the engine next.
      if (looks === at) {
        renameSync(asked, aside)
        symlinkSync(outside, asked)
      }
      return [shared]
    })
    const of = task('sleep', '30')
    try {
      await expect(executor.start(of, new AbortController().signal)).rejects.toMatchObject({ code: 'CONTAINER_FAILED' })
      expect(looks).toBeGreaterThanOrEqual(at)
      const filters = { label: [`claw.placement=${of.placement}`] }
      expect(await connectEngine(address).listContainers({ all: true, filters })).toEqual([])
    } finally {
      await executor.close()
    }
  })

  test('given somebody who swaps all the time, then what runs has what was allowed', async () => {
    const there = `mv -T ${asked} ${aside} && ln -s ${outside} ${asked}`
    const flipping = spawn('sh', ['-c', `while :; do ${there}; rm ${asked} && mv -T ${aside} ${asked}; done`])
    const executor = executorWith(() => [shared])
    // There is time for the look at what was mounted before it is read.
    const said = async (): Promise<string> =>
      runToEnd(executor, task('sh', '-c', 'sleep 0.5; cat /x/word')).then(
        (run) => run.said,
        (error: unknown) => (isClawError(error) ? error.code : String(error)),
      )
    try {
      const all: string[] = []
      for (let round = 0; round < 4; round += 1) all.push(...(await Promise.all(Array.from({ length: 4 }, said))))
      // The rest was refused: by this daemon, or by the engine when nothing was there.
      expect(all).toHaveLength(16)
      expect(all).not.toContain('secret')
    } finally {
      const over = once(flipping, 'exit')
      flipping.kill('SIGKILL')
      await over
      await executor.close()
    }
  })

  test('given nobody who does, then a folder, a file and a folder by a link are mounted as before', async () => {
    symlinkSync(asked, join(shared, 'alias'))
    const executor = executorWith(() => [shared])
    try {
      for (const [source, path] of [
        [asked, '/x/word'],
        [join(shared, 'alias'), '/x/word'],
        [join(asked, 'word'), '/x'],
      ]) {
        const one = task('cat', path ?? '')
        const spec = { ...one.spec, mounts: [{ source: source ?? '', target: '/x', readOnly: true }] }
        expect((await runToEnd(executor, { ...one, spec })).said).toBe('allowed')
      }
    } finally {
      await executor.close()
    }
  })
})
