import { afterEach, expect, test } from 'vitest'
import { newIdentity } from '../../src/adapters/keys/identity.ts'
import { openVisitor } from '../../src/adapters/libp2p/visitor.ts'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { decodeToken, encodeToken } from '../../src/core/admission/join-token.ts'
import type { Protocol, StreamProtocol } from '../../src/ports/rpc.ts'
import { Member, memoryBlobs } from '../support/member.ts'
import { until } from '../support/net.ts'
import { SharedControl } from '../support/shared-control.ts'

const started: Member[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((member) => member.stop()))
})

async function start(member: Member): Promise<Member> {
  started.push(member)
  await member.start()
  return member
}

async function foundedMesh() {
  const control = new SharedControl()
  const founder = new Member({ control })
  await founder.found('first')
  await start(founder)
  await until('the mesh is founded', () => control.state.members.get(founder.identity.id)?.addresses.length === 1)
  return { control, founder }
}

test('a founder is the first member of a mesh that it can let others into', async () => {
  const { control, founder } = await foundedMesh()
  expect([...control.state.members.values()].map(({ name }) => name)).toEqual(['first'])
  const token = decodeToken(await founder.invite(), Date.now())
  expect(token.mesh).toBe(control.state.mesh?.id)
  expect(token.addresses).toEqual(founder.host.peers.addresses())
  expect(JSON.stringify([...control.state.tokens.values()])).not.toContain(Buffer.from(token.secret).toString('hex'))
})

test('a host with a token joins, is connected to all members, and finds them again after a restart', async () => {
  const { control, founder } = await foundedMesh()
  const second = new Member({ control })
  await second.join(await founder.invite({ labels: { zone: 'a' } }), 'second')
  await start(second)
  const third = new Member({ control })
  await third.join(await founder.invite(), 'third')
  await start(third)

  const all = [founder, second, third]
  await until('everybody is connected to everybody', () => all.every(({ host }) => host.peers.up().length === 2))
  expect(control.state.members.get(second.identity.id)).toMatchObject({
    name: 'second',
    labels: { rack: 'r1', zone: 'a' },
    roles: ['member'],
    addresses: second.host.peers.addresses(),
  })

  await third.stop()
  await until('it is gone', () => founder.host.peers.up().length === 1)
  await third.start()
  await until('it is back', () => all.every(({ host }) => host.peers.up().length === 2))
})

test('a newcomer can join through a member that does not hold the mesh key', async () => {
  const { control, founder } = await foundedMesh()
  const second = new Member({ control })
  await second.join(await founder.invite(), 'second')
  await start(second)
  await until('they are connected', () => second.host.peers.up().length === 1)

  const token = decodeToken(await founder.invite(), Date.now())
  const third = new Member({ control })
  await third.join(encodeToken({ ...token, addresses: second.host.peers.addresses() }), 'third')
  await start(third)
  await until('the third is connected', () => third.host.peers.up().length === 2)
  expect(control.state.sealedKeys.has(second.identity.id)).toBe(false)
})

test('a token lets in one host once; the same host may repeat itself', async () => {
  const { control, founder } = await foundedMesh()
  const token = await founder.invite()
  const identity = newIdentity()
  await new Member({ control, identity }).join(token, 'second')
  await new Member({ control, identity }).join(token, 'second')
  await expect(new Member({ control }).join(token, 'other')).rejects.toMatchObject({ code: 'TOKEN_INVALID' })
  expect(control.state.members.size).toBe(2)
})

test('a wrong secret, a token of another mesh and a host that has a mesh are refused, without an entry in the log', async () => {
  const { control, founder } = await foundedMesh()
  const text = await founder.invite()
  const token = decodeToken(text, Date.now())
  const before = control.log.length
  const wrong = encodeToken({ ...token, secret: new Uint8Array(32) })
  await expect(new Member({ control }).join(wrong, 'x')).rejects.toMatchObject({ code: 'TOKEN_INVALID' })
  const other = encodeToken({ ...token, publicKey: new Uint8Array(32) })
  const elsewhere = encodeToken({ ...token, mesh: `mesh-${'0'.repeat(32)}` as typeof token.mesh })
  await expect(new Member({ control }).join(elsewhere, 'x')).rejects.toMatchObject({ code: 'TOKEN_INVALID' })
  expect(control.log.length).toBe(before)

  await expect(new Member({ control }).join(other, 'x')).rejects.toMatchObject({ code: 'TOKEN_INVALID' })
  const settled = new Member({ control })
  await settled.found('alone')
  await expect(settled.join(text, 'x')).rejects.toMatchObject({ code: 'ALREADY_MEMBER' })
})

test('a removed member is cut off within seconds, and its old certificate counts no more', async () => {
  const { control, founder } = await foundedMesh()
  const second = new Member({ control, disk: memoryBlobs() })
  await second.join(await founder.invite(), 'second')
  await start(second)
  await until('they are connected', () => founder.host.peers.up().length === 1)

  const at = control.at(founder.identity.id)
  const start0 = performance.now()
  await at.execute(
    { type: 'remove-member', node: second.identity.id, force: true },
    { id: 'remove', by: 'socket', signal: AbortSignal.timeout(5_000) },
  )
  await until('it is cut off', () => founder.host.peers.up().length === 0, 5_000)
  console.log(`removed member cut off after ${(performance.now() - start0).toFixed(0)} ms`)
  await expect(
    second.host.peers.connect(founder.identity.id, founder.host.peers.addresses(), AbortSignal.timeout(10_000)),
  ).rejects.toMatchObject({ code: 'NOT_A_MEMBER' })

  const again = new Member({ control, identity: second.identity })
  await second.stop()
  await again.join(await founder.invite(), 'second')
  await start(again)
  await until('it is back with a new token', () => founder.host.peers.up().length === 1)
})

const text = {
  encode: (value: string) => Buffer.from(value),
  decode: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
}
const bounds = { audience: 'anyone', lane: 'bulk', maxBytes: 65_536, maxInbound: 2 } as const
const ask: Protocol<string, string> = {
  ...bounds,
  kind: 'call',
  id: '/clawbernetes/test/ask/1.0.0',
  timeout: 5_000,
  request: text,
  response: text,
}
const follow: StreamProtocol<string, string> = {
  ...bounds,
  kind: 'stream',
  id: '/clawbernetes/test/follow/1.0.0',
  request: text,
  item: text,
}
const inside: Protocol<string, string> = { ...ask, id: '/clawbernetes/test/inside/1.0.0', audience: 'members' }

test('an operator from outside is served what is for anyone, known by its key, and nothing else', async () => {
  const { founder } = await foundedMesh()
  founder.host.rpc.serve(ask, (request, from) => Promise.resolve(`${request} ${from}`))
  founder.host.rpc.serve(inside, (request) => Promise.resolve(request))
  founder.host.rpc.serveStream(follow, async function* (request) {
    for (let i = 0; i < 100; i += 1) yield await Promise.resolve(`${request} ${i}`)
  })
  const operator = newIdentity()
  const visitor = await openVisitor({ identity: operator, networkKey: null, clock: systemClock })
  const signal = AbortSignal.timeout(20_000)
  try {
    const visit = await visitor.visit(founder.host.peers.addresses(), signal)
    expect(visit.peer).toBe(founder.identity.id)
    expect(await visit.call(ask, 'who am I', signal)).toBe(`who am I ${operator.id}`)
    const items: string[] = []
    for await (const item of visit.stream(follow, 'line', signal)) items.push(item)
    expect(items).toEqual(Array.from({ length: 100 }, (_, i) => `line ${i}`))
    await expect(visit.call(inside, 'x', signal)).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' })
    expect(founder.host.peers.up()).toEqual([])
  } finally {
    await visitor.close()
  }
  const unreachable = await openVisitor({ identity: operator, networkKey: null, clock: systemClock })
  const nobody = `/ip4/127.0.0.1/tcp/1/p2p/${newIdentity().id}`
  await expect(unreachable.visit([nobody], signal)).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' })
  await unreachable.close()
})
