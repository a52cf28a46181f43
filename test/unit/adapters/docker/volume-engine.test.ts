/** Against an engine that answers what engines answer when something is wrong. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { dockerVolumes } from '../../../../src/adapters/docker/volume-engine.ts'
import { strict } from '../../../../src/adapters/docker/confinement.ts'
import { tarOf } from '../../../support/tar.ts'

const never = new AbortController().signal
const ends: (() => void)[] = []
/** Of the containers that were asked for. */
const names: string[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
  names.length = 0
})

const json = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

interface Container {
  readonly Id: string
  readonly Names: readonly string[]
  readonly Labels: Readonly<Record<string, string>>
}

async function engine(answers: {
  readonly archive: (response: ServerResponse) => void
  readonly removal?: (response: ServerResponse) => void
  readonly creation?: (response: ServerResponse) => void
  readonly containers?: readonly Container[]
}) {
  const removed: string[] = []
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    if (url.includes('/images/')) json(response, 200, {})
    else if (url.includes('/containers/json')) json(response, 200, withLabels(url, answers.containers ?? []))
    else if (url.includes('/create')) {
      names.push(new URL(url, 'http://engine').searchParams.get('name') ?? '')
      ;(answers.creation ?? made)(response)
    } else if (request.method === 'DELETE') {
      removed.push(url)
      if (answers.removal === undefined) response.writeHead(204).end()
      else answers.removal(response)
    } else answers.archive(response)
  })
  const folder = mkdtempSync(join(tmpdir(), 'claw-engine-'))
  const path = join(folder, 'engine.sock')
  await new Promise<void>((resolve) => server.listen(path, resolve))
  ends.push(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const read = async (signal = never): Promise<Buffer> =>
    Buffer.concat(await Array.fromAsync(dockerVolumes(path).pack({ volume: 'data' }, signal)))
  return { read, removed, volumes: dockerVolumes(path, strict, 'node-one') }
}

/** As the engine does it. */
function withLabels(url: string, containers: readonly Container[]): readonly Container[] {
  const filters = JSON.parse(new URL(url, 'http://engine').searchParams.get('filters') ?? '{}') as { label?: string[] }
  const wanted = (filters.label ?? []).map((label) => label.split('=') as [string, string])
  return containers.filter(({ Labels }) => wanted.every(([key, value]) => Labels[key] === value))
}

const made = (response: ServerResponse): void => json(response, 201, { Id: 'helper' })

const whole = tarOf([{ name: 'a', content: Buffer.alloc(1_000, 'a') }])

describe('a volume that is read', () => {
  test('given an archive that is whole, then it is passed on as it is, and nothing is left', async () => {
    const { read, removed } = await engine({ archive: (response) => void response.writeHead(200).end(whole) })
    expect((await read()).equals(whole)).toBe(true)
    expect(removed).toHaveLength(1)
  })

  test('given an archive that stops early, though the answer ends as it should, then it is no copy', async () => {
    const { read } = await engine({ archive: (response) => void response.writeHead(200).end(whole.subarray(0, 1_024)) })
    await expect(read()).rejects.toMatchObject({ code: 'VOLUME_COPY_CUT' })
  })

  test('given an engine that cannot read it, then it says why', async () => {
    const message = 'error while mounting volume: no route to host'
    const { read, removed } = await engine({ archive: (response) => json(response, 500, { message }) })
    await expect(read()).rejects.toMatchObject({
      code: 'CONTAINER_FAILED',
      facts: { detail: expect.stringContaining(message) as string },
    })
    expect(removed).toHaveLength(1)
  })

  test('given an engine that goes in the middle, then it is not available', async () => {
    const { read } = await engine({
      archive: (response) => void response.writeHead(200).write(whole.subarray(0, 600), () => response.destroy()),
    })
    await expect(read()).rejects.toMatchObject({ code: 'EXECUTOR_UNAVAILABLE' })
  })

  test('given an engine that does not take away what read it, then that has a name, too', async () => {
    const { read } = await engine({
      archive: (response) => void response.writeHead(200).end(whole),
      removal: (response) => json(response, 500, { message: 'device or resource busy' }),
    })
    await expect(read()).rejects.toMatchObject({ code: 'CONTAINER_FAILED' })
  })

  test('given an engine that says nothing any more, when it is called off, then it ends', async () => {
    const off = new AbortController()
    const { read } = await engine({
      archive: (response) =>
        void response.writeHead(200).write(whole.subarray(0, 600), () => off.abort(new Error('off'))),
    })
    await expect(read(off.signal)).rejects.toThrow('off')
  })

  test('given an engine that makes what reads it after it was called off, then it takes that away again', async () => {
    const off = new AbortController()
    const { read, removed } = await engine({
      archive: (response) => void response.writeHead(200).end(whole),
      creation: (response) => {
        off.abort(new Error('off'))
        setTimeout(() => made(response), 50)
      },
    })
    await expect(read(off.signal)).rejects.toThrow('off')
    await vi.waitFor(() => expect(removed).toHaveLength(1))
  })

  test('given an engine that has not begun to answer when it is called off, then nobody is left who would have to read', async () => {
    const off = new AbortController()
    const closed = Promise.withResolvers<void>()
    const { read } = await engine({
      archive: (response) => {
        response.once('close', () => closed.resolve())
        off.abort(new Error('off'))
      },
    })
    await expect(read(off.signal)).rejects.toThrow('off')
    await closed.promise
  })
})

describe('what an earlier daemon was copying with', () => {
  const helper = (name: string, node: string) => ({
    ...{ Id: name, Names: [`/${name}`], Labels: { 'claw.helper': 'volume', 'claw.keeper': node } },
  })

  test('given helpers of this node and of another one, then those of this node go', async () => {
    const { volumes, removed } = await engine({
      archive: made,
      containers: [helper('old', 'node-one'), helper('of-another', 'node-two')],
    })
    await volumes.clear(never)
    expect(removed).toEqual([expect.stringContaining('/containers/old')])
  })

  test('given a copy that goes on, then what copies stays', async () => {
    const containers: Container[] = []
    const { volumes, removed } = await engine({
      archive: (response) => void response.writeHead(200).write(whole.subarray(0, 600)),
      containers,
    })
    const off = new AbortController()
    const copy = volumes.pack({ volume: 'data' }, off.signal)[Symbol.asyncIterator]()
    await copy.next()
    containers.push(helper(names[0] ?? '', 'node-one'))
    await volumes.clear(never)
    expect(removed).toEqual([])
    off.abort(new Error('off'))
    await expect(copy.next()).rejects.toThrow('off')
    await volumes.clear(never)
    expect(removed).toHaveLength(2)
  })
})
