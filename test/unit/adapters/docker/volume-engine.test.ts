/** Against an engine that answers what engines answer when something is wrong. */
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { dockerVolumes } from '../../../../src/adapters/docker/volume-engine.ts'
import { tarOf } from '../../../support/tar.ts'

const never = new AbortController().signal
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

const json = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function engine(answers: {
  readonly archive: (response: ServerResponse) => void
  readonly removal?: (response: ServerResponse) => void
}) {
  const removed: string[] = []
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    if (url.includes('/images/')) json(response, 200, {})
    else if (url.includes('/create')) json(response, 201, { Id: 'helper' })
    else if (request.method === 'DELETE') {
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
  return { read, removed }
}

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
})
