import { expect, test } from 'vitest'
import { nodeId } from '../../../../src/model/ids.ts'
import type { NodeReport } from '../../../../src/model/report.ts'
import { second } from '../../../../src/model/time.ts'
import type { Codec } from '../../../../src/ports/codec.ts'
import { simSigner } from '../../../../src/simulation/signer.ts'
import type { SignedReport } from '../../../../src/wire/capacity.ts'
import { capacityTag, capacityTopic, syncCapacity } from '../../../../src/wire/capacity.ts'
import { swim } from '../../../../src/wire/membership.ts'
import { reportCodec } from '../../../../src/wire/report-codec.ts'
import type { MeshNode } from '../../../support/member-mesh.ts'
import { MemberMesh, sampleContent, testMesh } from '../../../support/member-mesh.ts'

const bad = nodeId('bad')
const raw: Codec<Uint8Array> = { encode: (bytes) => bytes, decode: (bytes) => bytes }
const rawTopic = { ...capacityTopic, message: raw, maxBytes: 20_000_000 }

/** Three honest nodes, and a member on whose host nothing runs but what the test does. */
async function withBadPeer() {
  const mesh = new MemberMesh(11)
  await mesh.start(3)
  mesh.admit(bad)
  const host = mesh.network.host(bad)
  host.gossip.subscribe(capacityTopic, (signed) => {
    overheard.push(signed)
    return 'accept'
  })
  const overheard: SignedReport[] = []
  await mesh.world.runFor(15 * second)
  return { mesh, host, overheard, honest: [mesh.node(0), mesh.node(1), mesh.node(2)] }
}

const count = (nodes: readonly MeshNode[], labels: string): number =>
  nodes.reduce((sum, { counts }) => sum + (counts.get(`claw_capacity_reports_total ${labels}`) ?? 0), 0)

function reportOf(mesh: MemberMesh, change: Partial<NodeReport>): NodeReport {
  const at = mesh.world.now()
  return { ...sampleContent('x'), node: bad, incarnation: at - 5_000, sequence: 1, at, ...change }
}

function signed(report: NodeReport, by = report.node, scope: string = testMesh): SignedReport {
  const bytes = reportCodec.encode(report)
  return { report: bytes, signature: simSigner(by).sign(capacityTag, scope, bytes) }
}

test('given a bad member, when it gossips what it should not, then all of it is refused, counted and held against it', async () => {
  const { mesh, host, overheard, honest } = await withBadPeer()
  const victim = honest[0]?.id ?? bad
  const before = honest.map(({ service }) => service.view(victim).report?.sequence)
  const [oldest] = overheard
  await mesh.world.runFor(150 * second)
  const bads: readonly [string, SignedReport][] = [
    ['forged', signed(reportOf(mesh, { node: victim, incarnation: mesh.world.now() }), bad)],
    ['forged', signed(reportOf(mesh, { sequence: 2 }), bad, 'mesh-of-others')],
    ['future', signed(reportOf(mesh, { sequence: 3, at: mesh.world.now() + 125_000 }))],
    ['replayed', oldest ?? signed(reportOf(mesh, {}))],
  ]
  for (const [reason, message] of bads) {
    const refused = count(honest, `gossip reject ${reason}`)
    const blamed = (): number =>
      mesh.nodes.values().reduce((sum, node) => sum + (node.host.gossip.rejected.get(bad) ?? 0), 0)
    const blamedBefore = blamed()
    await host.gossip.publish(capacityTopic, message)
    await mesh.world.runFor(second)
    expect(count(honest, `gossip reject ${reason}`), reason).toBeGreaterThan(refused)
    expect(blamed(), reason).toBeGreaterThan(blamedBefore)
  }
  expect(honest.map(({ service }) => service.view(victim).report?.sequence)).not.toEqual(before)
  expect(honest.every(({ service }) => service.view(bad).report === null)).toBe(true)
})

test('given a bad member, when it sends ten mebibytes or random bytes on everything, then the nodes live on and hold it against it', async () => {
  const { mesh, host, honest } = await withBadPeer()
  await host.gossip.publish(rawTopic, new Uint8Array(10_485_760))
  for (let n = 0; n < 50; n += 1) {
    const noise = mesh.world.bytes(1 + n * 7)
    await host.gossip.publish(rawTopic, noise)
    for (const { id } of honest) {
      host.rpc.notify(id, { ...swim, message: raw }, noise)
      await Promise.race([
        host.rpc
          .call(id, { ...syncCapacity, request: raw, response: raw }, noise, new AbortController().signal)
          .catch(() => null),
        mesh.world.runFor(100),
      ])
    }
  }
  await mesh.world.runFor(5 * second)
  expect(mesh.network.bugs).toEqual([])
  expect(mesh.node(0).host.gossip.rejected.get(bad)).toBeGreaterThan(40)
  for (const { service } of honest) {
    expect(service.views().filter(({ node, liveness }) => node !== bad && liveness !== 'alive')).toEqual([])
    expect(service.view(bad).liveness).toBe('lost')
  }
})

test('given an outsider, when it gossips or synchronises, then nobody listens', async () => {
  const { mesh, host, honest } = await withBadPeer()
  mesh.network.setMember(bad, false)
  const before = count(honest, 'gossip accept new') + count(honest, 'sync accept new')
  await host.gossip.publish(capacityTopic, signed(reportOf(mesh, {})))
  const refused = host.rpc
    .call(honest[0]?.id ?? bad, syncCapacity, { have: [], reports: [], onlyGives: false }, new AbortController().signal)
    .catch((error: unknown) => String(error))
  await mesh.world.runFor(second)
  expect(await refused).toContain('not a member')
  expect(honest.every(({ service }) => service.view(bad).report === null)).toBe(true)
  expect(count(honest, 'gossip accept new') + count(honest, 'sync accept new')).toBeLessThanOrEqual(before + 3)
})

test('given a node, when it is asked for views, then they join what was measured and what was said', async () => {
  const mesh = new MemberMesh(3)
  await mesh.start(3)
  await mesh.world.runFor(20 * second)
  const [self, other] = [mesh.node(0), mesh.node(1)]
  expect(self.service.view(self.id)).toMatchObject({ liveness: 'alive', roundTrip: 0, report: { node: self.id } })
  const view = self.service.view(other.id)
  expect(view).toMatchObject({
    node: other.id,
    liveness: 'alive',
    report: { node: other.id, busy: [], version: '0.1.0' },
  })
  expect(view.roundTrip).toBeGreaterThan(1)
  expect(view.roundTrip).toBeLessThan(11)
  expect(mesh.world.now() - (view.lastSeen ?? 0)).toBeLessThan(3 * second)
  const { report, receivedAt } = view
  expect((receivedAt ?? 0) - (report?.at ?? 0), 'milliseconds on the way').toSatisfy((ms) => ms >= 0 && ms < second)
  expect(self.service.views()).toHaveLength(3)
  expect(self.service.view(nodeId('nobody'))).toMatchObject({ liveness: 'lost', report: null, receivedAt: null })
})

test('given a sample that fails, when it is taken again, then the node reports again', async () => {
  const mesh = new MemberMesh(3)
  await mesh.start(2)
  const node = mesh.node(0)
  const { content } = node
  Object.defineProperty(node, 'content', {
    configurable: true,
    get: () => {
      throw new Error('no such tool')
    },
  })
  await mesh.world.runFor(30 * second)
  const stuck = mesh.node(1).service.view(node.id).report?.sequence ?? 0
  Object.defineProperty(node, 'content', { value: content })
  await mesh.world.runFor(15 * second)
  expect(mesh.node(1).service.view(node.id).report?.sequence).toBeGreaterThan(stuck)
})

test('given a stopped service, when time passes, then it says nothing more, and started again it is alive again', async () => {
  const mesh = new MemberMesh(9)
  await mesh.start(3)
  await mesh.world.runFor(5 * second)
  const { service, id } = mesh.node(1)
  await service.stop()
  await mesh.world.runFor(second)
  expect(mesh.viewsOf(id)).toEqual(['left', 'left'])
  await service.start()
  await mesh.world.runFor(3 * second)
  expect(mesh.viewsOf(id)).toEqual(['alive', 'alive'])
})

test('given a removed member, when the state says so, then it is seen no more', async () => {
  const mesh = new MemberMesh(9)
  await mesh.start(3)
  await mesh.world.runFor(5 * second)
  const { id } = mesh.node(2)
  mesh.remove(id)
  await mesh.world.runFor(20 * second)
  const views = mesh.node(0).service.views()
  expect(views.map(({ node }) => node)).not.toContain(id)
  expect(views.every(({ liveness }) => liveness === 'alive')).toBe(true)
})
