/** A container of work whose volumes somebody may take away meanwhile, against an engine that does as it is told. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { strict } from '../../../../src/adapters/docker/confinement.ts'
import { connectEngine } from '../../../../src/adapters/docker/engine.ts'
import { launch } from '../../../../src/adapters/docker/launch.ts'
import { systemClock } from '../../../../src/adapters/system/clock.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { meshId, nodeId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { WorkloadSpec } from '../../../../src/model/workload.ts'
import type { ImageSupply } from '../../../../src/ports/images.ts'
import { silent } from '../../../../src/ports/log.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

const json = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

interface Asked {
  readonly gone?: number
  readonly hasImage?: boolean
  readonly beforeStart?: (told: string[]) => Promise<void>
  readonly confirmStart?: (told: string[]) => void
}

/** `gone` says at which look they are. */
async function launched({ gone = 0, hasImage = true, beforeStart, confirmStart }: Asked = {}) {
  const told: string[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request
    if (url.startsWith('/containers/json')) json(response, 200, [])
    else if (url.startsWith('/info')) json(response, 200, { SecurityOptions: ['name=seccomp,profile=builtin'] })
    else if (url.startsWith('/images/')) json(response, 200, { Config: {} })
    else {
      told.push(`${method} ${url.split('?')[0] ?? ''}`)
      if (url.startsWith('/containers/create')) json(response, 201, { Id: 'c' })
      else response.writeHead(204).end()
    }
  })
  const folder = mkdtempSync(join(tmpdir(), 'claw-engine-'))
  const path = join(folder, 'engine.sock')
  await new Promise<void>((resolve) => server.listen(path, resolve))
  ends.push(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  let looks = 0
  const workload = workloadId('wl-mounts')
  const images: Pick<ImageSupply, 'obtain'> = {
    obtain: async () => {
      told.push('image')
      if (!hasImage) throw new ClawError('CONTAINER_FAILED', { detail: 'no such image' })
      return { name: 'image', ran: null } as never
    },
  }
  const deps = { docker: connectEngine(path), clock: systemClock, log: silent, images: images as ImageSupply }
  const started = launch(
    { ...deps, confinement: strict, memory: null, onProgress: () => undefined },
    {
      ...{ placement: placementId(workload, 1), workload, attempt: 1, term: 1, env: {}, devices: [], name: 'w' },
      ...{ mesh: meshId('mesh-00000000000000000000000000000003'), node: nodeId('12D3KooWLaunchTest') },
      spec: WorkloadSpec.parse({ image: 'image', mounts: [{ source: 'data', target: '/data' }] }),
      prepareMounts: async () => ({
        mounts: [{ source: 'copy', target: '/data', readOnly: true }],
        verify: async () => {
          told.push('look')
          if ((looks += 1) === gone) throw new ClawError('VOLUME_COPY_CUT', { detail: 'taken away' })
        },
        release: () => void told.push('release'),
      }),
      ...(beforeStart !== undefined && { beforeStart: () => beforeStart(told) }),
      ...(confirmStart !== undefined && { confirmStart: () => confirmStart(told) }),
    },
    new AbortController().signal,
  )
  const failure = await started.then(
    () => null,
    (error: unknown) => error,
  )
  return { told, failure }
}

test('what it mounts is held until the container runs, and looked at right before it is made, and before it starts', async () => {
  const { told, failure } = await launched()
  expect(failure).toBeNull()
  const start = ['look', 'POST /containers/create', 'look', 'POST /containers/c/start']
  expect(told).toEqual(['image', ...start, 'release'])
})

test('given volumes that are gone before, then no container is made, and so no empty volume', async () => {
  const { told, failure } = await launched({ gone: 1 })
  expect(failure).toMatchObject({ code: 'VOLUME_COPY_CUT' })
  expect(told).toEqual(['image', 'look', 'release'])
})

test('given volumes that go while the container is made, then nothing runs in it, and it goes', async () => {
  const { told, failure } = await launched({ gone: 2 })
  expect(failure).toMatchObject({ code: 'VOLUME_COPY_CUT' })
  expect(told).toEqual(['image', 'look', 'POST /containers/create', 'look', 'DELETE /containers/c', 'release'])
})

test('given an image that is not to be had, then what it was to mount is let go of', async () => {
  const { told, failure } = await launched({ hasImage: false })
  expect(failure).toMatchObject({ code: 'CONTAINER_FAILED' })
  expect(told).toEqual(['image', 'release'])
})

test('given something to wait for, then it waits once image and container are there, and nothing is between but a look at its mounts', async () => {
  const { told, failure } = await launched({ beforeStart: async (all) => void all.push('settled') })
  expect(failure).toBeNull()
  const start = ['look', 'POST /containers/create', 'settled', 'look', 'POST /containers/c/start']
  expect(told).toEqual(['image', ...start, 'release'])
})

test('given that it may not start after all, then that is the last that is looked at, nothing runs, and it goes', async () => {
  const { told, failure } = await launched({
    confirmStart(all) {
      all.push('confirm')
      throw new ClawError('OVERLAY_FAILED', { problem: 'network policies are for it' })
    },
  })
  expect(failure).toMatchObject({ code: 'OVERLAY_FAILED' })
  expect(told).toEqual([
    ...['image', 'look', 'POST /containers/create', 'look', 'confirm', 'DELETE /containers/c', 'release'],
  ])
})

test('given that the wait ends in vain, then nothing runs in the container, and it goes', async () => {
  const { told, failure } = await launched({
    beforeStart: () => Promise.reject(new ClawError('NO_LEADER', { detail: 'the node is shutting down' })),
  })
  expect(failure).toMatchObject({ code: 'NO_LEADER' })
  expect(told).toEqual(['image', 'look', 'POST /containers/create', 'DELETE /containers/c', 'release'])
})
