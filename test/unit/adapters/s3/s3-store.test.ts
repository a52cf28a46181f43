/** A store of objects that somebody else runs, and may have made to do harm. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { s3Store } from '../../../../src/adapters/s3/s3-store.ts'
import { ada } from '../../../support/control-samples.ts'

const { signal } = new AbortController()
const patient = { answer: 20_000, upload: 20_000, list: 20_000, removal: 20_000, bytes: 100_000 }
const hasty = { ...patient, answer: 200, removal: 300 }
const refused = { code: 'BACKUP_TARGET' }

type Answer = (request: IncomingMessage, response: ServerResponse, bytes: number) => void
let server: Server
let answer: Answer
let asked: string[]

beforeEach(async () => {
  asked = []
  server = createServer((request, response) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => (bytes += chunk.length))
    request.on('end', () => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
      answer(request, response, bytes)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const opened = (limits = patient, keys = 'id:key') =>
  s3Store(
    {
      ...{ type: 's3', node: ada, bucket: 'backups', prefix: 'mesh/', region: 'us-east-1', secret: 'store' },
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    },
    Buffer.from(keys),
    { hosts: ['127.0.0.1'], limits },
  )
const remove = (limits = patient) => opened(limits).remove('bak-a', signal)
const read = (limits = patient) => Array.fromAsync(opened(limits).read('bak-a', 'data', signal))
const listed = (keys: readonly string[], more: string): string =>
  `<ListBucketResult>${keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join('')}${more}</ListBucketResult>`
const isList = ({ method }: IncomingMessage): boolean => method === 'GET'

async function* content(sizes: readonly number[], end?: Error): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield await Promise.resolve(Buffer.alloc(size, 'x'))
  if (end !== undefined) throw end
}

describe('given a store that wants to keep a node busy', () => {
  test('when its list of objects has no end, then the removal has', async () => {
    const more = '<IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken>'
    answer = (_, response) => response.end(listed([], more))
    await expect(remove(hasty)).rejects.toMatchObject(refused)
  })

  test('when an answer is longer than there is to say, then it is read no further', async () => {
    answer = (_, response) => {
      const pour = (): void => {
        while (response.writable && response.write(Buffer.alloc(65_536, ' ')));
      }
      response.on('drain', pour)
      pour()
    }
    await expect(remove()).rejects.toThrow('more than there is to say')
  })

  test.each(['<a>', '<ListBucketResult><Contents>', '<a '])(
    'when it answers with nothing but %s, then nobody is kept busy with it',
    async (part) => {
      for (const status of [200, 400]) {
        answer = (_, response) =>
          response.writeHead(status, { 'content-type': 'application/xml' }).end(part.repeat(90_000 / part.length))
        const before = process.cpuUsage()
        await expect(remove()).rejects.toMatchObject(refused)
        await expect(opened().write('bak-a', 'data', content([17 * 1_048_576]), signal)).rejects.toMatchObject(refused)
        const { user, system } = process.cpuUsage(before)
        expect((user + system) / 1_000).toBeLessThan(1_500)
      }
    },
  )

  test('when it says nothing, or stops in the middle of an object, then nobody waits for ever', async () => {
    answer = () => {}
    await expect(read(hasty)).rejects.toThrow('does not answer in time')
    await expect(remove(hasty)).rejects.toThrow('does not answer in time')
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': 1_000 })
      response.write('half')
    }
    await expect(read(hasty)).rejects.toThrow('does not answer in time')
  })

  test('when whoever reads takes his time, then that is not held against the store', async () => {
    answer = (_, response) => response.end('all of it')
    for await (const chunk of opened(hasty).read('bak-a', 'data', signal)) {
      await new Promise((done) => setTimeout(done, 2 * hasty.answer))
      expect(Buffer.from(chunk).toString()).toBe('all of it')
    }
  })
})

test('given a store that sends on to elsewhere, then nobody goes there', async () => {
  answer = ({ url }, response) => {
    if (url === '/elsewhere') response.end('what only this host may read')
    else response.writeHead(307, { location: '/elsewhere' }).end()
  }
  await expect(read()).rejects.toMatchObject(refused)
  await expect(remove()).rejects.toMatchObject(refused)
  expect(asked.filter((one) => one.includes('elsewhere'))).toEqual([])
})

test('when a backup is removed, then only what is in its folder goes, and as much as one can have', async () => {
  const own = Array.from({ length: 70 }, (_, index) => `mesh/bak-a/${index}`)
  answer = (request, response) => response.end(isList(request) ? listed(['mesh/bak-b/data', ...own], '') : '')
  await remove()
  const gone = asked.filter((one) => one.startsWith('DELETE'))
  expect(gone).toHaveLength(65)
  expect(gone.every((one) => one.startsWith('DELETE /backups/mesh/bak-a/'))).toBe(true)
})

test('when a backup is removed whose bucket is gone, then there is nothing to remove', async () => {
  answer = (_, response) => response.writeHead(404).end('<Error><Code>NoSuchBucket</Code></Error>')
  await remove()
  expect(asked).toHaveLength(1)
})

describe('a file of many parts', () => {
  const mib = 1_048_576
  const multipart =
    (end: Answer): Answer =>
    (request, response, bytes) => {
      const url = request.url ?? ''
      if (url.includes('uploads='))
        response.end('<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>')
      else if (request.method === 'PUT') {
        sizes.push(bytes)
        response.setHeader('etag', '"e"').end()
      } else end(request, response, bytes)
    }
  let sizes: number[]
  beforeEach(() => {
    sizes = []
  })

  test('goes in parts that are equal to the byte, whatever pieces it comes in', async () => {
    answer = multipart((_, response) =>
      response.end('<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>'),
    )
    const written = await opened().write('bak-a', 'data', content([10_000_000, 40_000_000, 1]), signal)
    expect(written.bytes).toBe(50_000_001)
    expect(sizes).toEqual([16 * mib, 16 * mib, 50_000_001 - 32 * mib])
  })

  test('is not there when the store says in the end that it cannot put it together', async () => {
    answer = multipart((_, response) => response.end('<Error><Code>InternalError</Code></Error>'))
    await expect(opened().write('bak-a', 'data', content([17 * mib]), signal)).rejects.toMatchObject(refused)
  })

  test('fails with what it broke off with, also when the store does not let go of its parts', async () => {
    answer = multipart(() => {})
    const broken = content([17 * mib, 16 * mib], new Error('the source breaks off'))
    await expect(opened({ ...hasty, answer: 3_000 }).write('bak-a', 'data', broken, signal)).rejects.toThrow(
      'the source breaks off',
    )
    expect(asked.at(-1)).toMatch(/^DELETE .*uploadId=u1/)
  })
})

describe('the keys of an account', () => {
  test.each(['id:key', 'AKIA-1_2.3:ab/c+d==', 'account:user:key', 'id:key\n'])('may be %j', (keys) => {
    expect(() => opened(patient, keys)).not.toThrow()
  })

  test.each([
    ...['', ':', 'id:', ':key', 'password', 'a:b:c:d', 'postgres://app:word@db:5432/app', '{"password":"word"}'],
    ...['first line\nid:key', 'my pass phrase:1', `${'x'.repeat(129)}:key`, '-----BEGIN KEY-----:key'],
  ])('are not %j, of which nothing is sent', (keys) => {
    expect(() => opened(patient, keys)).toThrow('is not of the form ID:KEY')
  })
})
