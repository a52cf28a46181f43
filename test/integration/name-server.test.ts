import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import packet from 'dns-packet'
import { afterEach, describe, expect, test } from 'vitest'
import { nameServersWith } from '../../src/adapters/dns/name-server.ts'
import type { Answer, NameRecord, Question } from '../../src/model/naming.ts'
import type { NameDesk, OpenNameServer } from '../../src/ports/name-server.ts'
import { silent } from '../../src/ports/log.ts'
import { namesFrom } from '../support/names.ts'
import { resolveName } from '../../src/core/naming/resolve.ts'
import type { Workload } from '../../src/model/workload.ts'

const address = '127.0.0.1'
const open: OpenNameServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

type Desk = Omit<NameDesk, 'upstreams'>

const deskOf = (answer: (question: Question) => Answer, admits = (): boolean => true): Desk => ({ answer, admits })

let warned: string[] = []
const nameServers = nameServersWith({ ...silent, warn: (message) => warned.push(message) })

async function serve(desk: Desk, upstreams: readonly string[] = []): Promise<{ port: number; resolver: Resolver }> {
  const server = await nameServers.open({ address, port: 0 }, { ...desk, upstreams: () => upstreams })
  open.push(server)
  const resolver = new Resolver({ timeout: 1_000, tries: 1 })
  resolver.setServers([`${address}:${server.port}`])
  return { port: server.port, resolver }
}

const member = (name: string): Workload => ({ name, spec: { namespace: 'default' } }) as Workload
const names = namesFrom({
  'web.default': { members: ['one', 'two', 'six'].map(member), ports: [{ port: 80, protocol: 'http' }] },
  'idle.default': { members: [], ports: [] },
})
let turn = 0
const mesh = deskOf((question) =>
  resolveName(question, {
    ...{ names, turn: turn++ },
    addressesOf: ({ name }) => [`10.200.1.${name.charCodeAt(0)}`],
  }),
)

describe('names of the mesh', () => {
  test('are answered in turns, with their ports, and as missing or empty', async () => {
    const { resolver } = await serve(mesh)
    const first = await resolver.resolve4('web.default.claw')
    const second = await resolver.resolve4('web.default.claw')
    expect(first.toSorted()).toEqual(['10.200.1.111', '10.200.1.115', '10.200.1.116'])
    expect(second).toEqual([...first.slice(1), ...first.slice(0, 1)])
    expect(await resolver.resolveSrv('_http._tcp.web.default.claw')).toHaveLength(3)
    await expect(resolver.resolve6('web.default.claw')).rejects.toMatchObject({ code: 'ENODATA' })
    await expect(resolver.resolve4('idle.default.claw')).rejects.toMatchObject({ code: 'ENODATA' })
    await expect(resolver.resolve4('nobody.default.claw')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })

  test('that do not fit into a datagram come by TCP', async () => {
    const many = Array.from({ length: 200 }, (_, i): NameRecord => ({
      type: 'A',
      name: 'web.default.claw',
      address: `10.0.1.${i}`,
    }))
    const { resolver } = await serve(deskOf(() => ({ kind: 'found', records: many, extra: [] })))
    expect(await resolver.resolve4('web.default.claw')).toHaveLength(200)
  })
})

describe('other names', () => {
  const elsewhere = deskOf(({ name }) => ({
    ...{ kind: 'found', extra: [] },
    records: [{ type: 'A', name, address: '192.0.2.7' }],
  }))

  test('are asked of whom the host asks', async () => {
    const upstream = await serve(elsewhere)
    const { resolver } = await serve(mesh, [`${address}:${upstream.port}`])
    expect(await resolver.resolve4('example.com')).toEqual(['192.0.2.7'])
  })

  test('are asked of the next when one says nothing, and fail when none does', async () => {
    const upstream = await serve(elsewhere)
    const silent = createSocket('udp4')
    silent.bind(0, address)
    await once(silent, 'listening')
    const dead = `${address}:${silent.address().port}`
    const slow = new Resolver({ timeout: 6_000, tries: 1 })
    const { port } = await serve(mesh, [dead, `${address}:${upstream.port}`])
    slow.setServers([`${address}:${port}`])
    expect(await slow.resolve4('example.com')).toEqual(['192.0.2.7'])
    silent.close()
    const alone = await serve(mesh, ['127.0.0.1:1'])
    await expect(alone.resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' })
  })

  test('are asked of the next when the system does not let one be asked at all', async () => {
    const upstream = await serve(elsewhere)
    const { resolver } = await serve(mesh, ['255.255.255.255:53', 'fe80::1', `${address}:${upstream.port}`])
    expect(await resolver.resolve4('example.org')).toHaveLength(1)
  })

  test('one who asks much at once leaves room for others, and who asks what no answer could be told of is refused at once', async () => {
    const deaf = createSocket('udp4')
    deaf.bind(0, address)
    await once(deaf, 'listening')
    const heard: Buffer[] = []
    deaf.on('message', (bytes, { port, address: back }) => {
      heard.push(bytes)
      if (bytes.includes('patient')) return
      const { id = 0, questions = [] } = packet.decode(bytes)
      deaf.send(packet.encode({ type: 'response', id, questions }), port, back)
    })
    const { port } = await serve(mesh, [`${address}:${deaf.address().port}`])
    const [one, other] = [createSocket('udp4'), createSocket('udp4')]
    one.bind(0, '127.0.0.2')
    other.bind(0, '127.0.0.3')
    await Promise.all([once(one, 'listening'), once(other, 'listening')])
    const asked = (name: string, id = 1): Buffer =>
      packet.encode({
        ...{ type: 'query', id, flags: packet.RECURSION_DESIRED },
        questions: [{ name, type: 'A', class: 'IN' }],
      })
    let refused = 0
    one.on('message', () => (refused += 1))
    for (let i = 0; i < 100; i += 1) one.send(asked(`patient${i}.example`, i), port, address)
    // The others still wait when these are told that it failed.
    await expect.poll(() => refused, { timeout: 1_500 }).toBe(36)
    const reply = once(other, 'message') as Promise<[Buffer]>
    other.send(asked('example.com'), port, address)
    expect((await reply)[0].readUInt8(3) & 15).toBe(0)
    await expect.poll(() => heard.filter((bytes) => bytes.includes('patient')).length).toBe(64)
    // Its name goes on elsewhere in the message.
    const compressed = Buffer.concat([asked('x').subarray(0, 12), Buffer.from([1, 0x61, 0xc0, 2, 0, 1, 0, 1])])
    const malformed = once(other, 'message') as Promise<[Buffer]>
    other.send(compressed, port, address)
    expect((await malformed)[0].readUInt8(3) & 15).toBe(1)
    for (const socket of [deaf, one, other]) socket.close()
  })

  test('are refused where nobody is to be asked', async () => {
    const { resolver } = await serve(mesh)
    await expect(resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'EREFUSED' })
  })

  test('are not believed when the answer has another number', async () => {
    const liar = createSocket('udp4')
    liar.bind(0, address)
    await once(liar, 'listening')
    liar.on('message', (bytes, { port, address: back }) => {
      const { id = 0, questions = [] } = packet.decode(bytes)
      const answers: packet.Answer[] = [{ type: 'A', name: 'example.com', ttl: 9, class: 'IN', data: '6.6.6.6' }]
      liar.send(packet.encode({ type: 'response', id: id ^ 1, questions, answers }), port, back)
    })
    const { port } = await serve(mesh, [`${address}:${liar.address().port}`])
    const slow = new Resolver({ timeout: 6_000, tries: 1 })
    slow.setServers([`${address}:${port}`])
    await expect(slow.resolve4('example.com')).rejects.toMatchObject({ code: 'ESERVFAIL' })
    liar.close()
  })
})

test('who may not ask is told nothing', async () => {
  const { port } = await serve(deskOf(mesh.answer, () => false))
  const resolver = new Resolver({ timeout: 300, tries: 1 })
  resolver.setServers([`${address}:${port}`])
  await expect(resolver.resolve4('web.default.claw')).rejects.toMatchObject({ code: 'ETIMEOUT' })
  const socket = connect(port, address)
  socket.on('error', () => {})
  await once(socket, 'close')
  expect(socket.bytesRead).toBe(0)
})

test('garbage, by datagrams and by streams, leaves it answering', async () => {
  const { port, resolver } = await serve(mesh)
  const socket = createSocket('udp4')
  for (let length = 0; length < 300; length += 1) socket.send(Buffer.alloc(length, (length * 37) % 256), port, address)
  const stream = connect(port, address)
  stream.on('error', () => {})
  stream.write(Buffer.alloc(4_000, 0xff))
  await once(stream, 'close')
  expect(await resolver.resolve4('web.default.claw')).toHaveLength(3)
  socket.close()
})

test('what breaks while it looks an answer up is told to who asked, and to the log some times', async () => {
  warned = []
  const { resolver } = await serve(
    deskOf(() => {
      throw new Error('a bug')
    }),
  )
  for (let i = 0; i < 8; i += 1)
    await expect(resolver.resolve4('web.default.claw')).rejects.toMatchObject({ code: 'ESERVFAIL' })
  expect(warned).toEqual(Array(5).fill('a question for a name failed'))
})

test('a port that is taken is told as such', async () => {
  const { port } = await serve(mesh)
  await expect(nameServers.open({ address, port }, { ...mesh, upstreams: () => [] })).rejects.toMatchObject({
    code: 'ADDRESS_IN_USE',
  })
})
