/** Objects of a store that somebody else runs, and which stores a host speaks to at all. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { objectsOf } from '../../../../src/adapters/s3/s3-objects.ts'

const { signal } = new AbortController()
const hasty = { answer: 300, upload: 300, list: 500, removal: 300, bytes: 100_000 }

let server: Server
let answer: (request: IncomingMessage, response: ServerResponse) => void
let asked: string[]

beforeEach(async () => {
  asked = []
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    answer(request, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const port = (): number => (server.address() as AddressInfo).port
const opened = ({ hosts = ['127.0.0.1'], host = '127.0.0.1' }: { hosts?: readonly string[]; host?: string } = {}) => {
  const place = { endpoint: `http://${host}:${port()}`, bucket: 'models', prefix: 'llama/', region: 'us-east-1' }
  return objectsOf(hosts, hasty)({ ...place, secret: 'store' }, Buffer.from('id:key'), 'team/weights')
}
const contents = (key: string, size: string | number, etag = 'e1'): string =>
  `<Contents><Key>${key}</Key><Size>${size}</Size><ETag>&quot;${etag}&quot;</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>`
const list = (inner: string, more = ''): string => `<ListBucketResult>${inner}${more}</ListBucketResult>`
const next = (token: string): string =>
  `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`
const object = { key: 'a', bytes: 3, etag: 'e1', modified: 0 }
const read = () => Array.fromAsync(opened().read(object, signal))
const gives = (body: string, etag = '"e1"') => {
  answer = (_, response) => response.setHeader('etag', etag).end(body)
}

describe('what is there', () => {
  test('given pages, then all of them are looked at, names without the prefix, and nothing from elsewhere', async () => {
    answer = ({ url }, response) =>
      response.end(
        url?.includes('continuation-token') === true
          ? list(contents('llama/b&amp;c', 2) + contents('llama/', 0) + contents('other/d', 1))
          : list(contents('llama/a', 1), next('two')),
      )
    const modified = Date.parse('2026-01-02T03:04:05Z') / 1_000
    expect(await opened().list(10, signal)).toEqual([
      { key: 'a', bytes: 1, etag: 'e1', modified },
      { key: 'b&c', bytes: 2, etag: 'e1', modified },
    ])
  })

  test('given names and versions as one or the other store writes them, then they are what they are', async () => {
    answer = (_, response) =>
      response.end(
        list(
          contents('llama/it&#39;s', 1).replaceAll('&quot;', '&#34;') +
            contents('llama/ a ', 1).replaceAll('&quot;', '&#x22;') +
            contents('llama/&amp;lt;', 1).replaceAll('&quot;', '"'),
        ),
      )
    const found = await opened().list(10, signal)
    expect(found.map(({ key, etag }) => [key, etag])).toEqual([
      ["it's", 'e1'],
      [' a ', 'e1'],
      ['&lt;', 'e1'],
    ])
    gives('x')
    expect(await Array.fromAsync(opened().read(found[1] ?? object, signal))).toHaveLength(1)
    expect(asked.at(-1)).toBe('/models/llama/%20a%20')
  })

  test.each(['<a>', '<ListBucketResult><Contents>', '<a '])(
    'given an answer of nothing but %s, then nobody is kept busy with it',
    async (part) => {
      for (const status of [200, 400]) {
        answer = (_, response) =>
          response.writeHead(status, { 'content-type': 'application/xml' }).end(part.repeat(1_000_000 / part.length))
        const before = process.cpuUsage()
        await expect(opened().list(10, signal)).rejects.toMatchObject({ code: 'VOLUME_SOURCE' })
        const { user, system } = process.cpuUsage(before)
        expect((user + system) / 1_000).toBeLessThan(1_500)
      }
    },
  )

  test.each([
    ['has no bucket', (response: ServerResponse) => response.writeHead(404).end(), 'no bucket'],
    ['refuses the keys', (response: ServerResponse) => response.writeHead(403).end(), '403'],
    [
      'lists more than there may be',
      (response: ServerResponse) => response.end(list(contents('llama/a', 1).repeat(11))),
      'more than 10',
    ],
    [
      'lists sizes that are none',
      (response: ServerResponse) => response.end(list(contents('llama/a', '-1'))),
      'no sizes',
    ],
    [
      'lists objects without versions',
      (response: ServerResponse) => response.end(list(contents('llama/a', 1, ''))),
      'no ETags',
    ],
    [
      'breaks off',
      (response: ServerResponse) => response.end(list(contents('llama/a', 1), '<IsTruncated>true</IsTruncated>')),
      'breaks off',
    ],
    ['lists pages without end', (response: ServerResponse) => response.end(list('', next('again'))), 'in time'],
    ['says nothing', () => undefined, 'in time'],
  ])('given a store that %s, then it is said in the words of the volume', async (_, does, words) => {
    answer = (__, response) => void does(response)
    const failure = await opened()
      .list(10, signal)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'VOLUME_SOURCE', facts: { volume: 'team/weights' } })
    expect(String(failure)).toContain(words)
    expect(String(failure)).not.toContain('id:key')
  })
})

describe('what an object holds', () => {
  test('given what was listed, then it is read', async () => {
    gives('abc')
    expect(Buffer.concat(await read()).toString()).toBe('abc')
    expect(asked[0]).toMatch(/^\/models\/llama\/a/)
  })

  test.each([
    ['another version', () => gives('abc', '"e2"')],
    ['more bytes', () => gives('abcd')],
    ['fewer bytes', () => gives('ab')],
    ['nothing any more', () => void (answer = (_, response) => response.writeHead(404).end())],
  ])('given %s, then it is not taken for what was listed', async (_, does) => {
    does()
    await expect(read()).rejects.toMatchObject({ code: 'VOLUME_COPY_CUT' })
  })

  test('given a store that stops in the middle, then nobody waits for ever', async () => {
    answer = (_, response) => void response.writeHead(200, { etag: 'e1', 'content-length': 3 }).write('a')
    await expect(read()).rejects.toThrow('in time')
  })
})

describe('which stores a host speaks to', () => {
  const fails = async (hosts: readonly string[], host?: string): Promise<string> =>
    opened({ hosts, ...(host !== undefined && { host }) })
      .list(1, signal)
      .then(() => 'none', String)

  test('given no pattern that fits, then nothing is sent', async () => {
    expect(await fails(['*.amazonaws.com', '127.0.0.1:1'])).toContain('may not speak to 127.0.0.1')
    expect(asked).toEqual([])
  })

  test.each(['127.0.0.1', 'localhost', '127.1', '2130706433', '[::ffff:127.0.0.1]', '[::1]', '0.0.0.0'])(
    'given anything, then %s, which is this host itself, is not meant, also behind a name',
    async (host) => {
      expect(await fails(['*'], host)).toContain('is this host itself')
      expect(asked).toEqual([])
    },
  )

  test.each(['169.254.169.254', '[fe80::1]', '[fd00:ec2::254]'])(
    'given anything, then %s, which tells a machine in a cloud its keys, is not meant',
    async (host) => expect(await fails(['*'], host)).toContain('of its own link'),
  )

  test('given this host by its name, with or without its port, then it is spoken to', async () => {
    answer = (_, response) => response.end(list(''))
    for (const [hosts, host] of [
      [['127.0.0.1'], '127.0.0.1'],
      [[`localhost:${port()}`], 'localhost'],
    ] as const)
      expect(await fails(hosts, host)).toBe('none')
  })
})
