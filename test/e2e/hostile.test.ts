/** Strangers, and members gone bad, against daemons as they run in earnest. */
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { meshKeys } from '../../src/adapters/keys/mesh-keys.ts'
import { certificateTag, certify, readCertificate } from '../../src/core/admission/certificate.ts'
import { decodeToken, type TokenContent } from '../../src/core/admission/join-token.ts'
import { type MeshId, type NodeId, nodeId } from '../../src/model/ids.ts'
import { day, minute } from '../../src/model/time.ts'
import * as admission from '../../src/wire/admission.ts'
import * as capacity from '../../src/wire/capacity.ts'
import * as control from '../../src/wire/control.ts'
import { frame, FrameKind } from '../../src/wire/frame.ts'
import * as membership from '../../src/wire/membership.ts'
import * as operation from '../../src/wire/operation.ts'
import * as raft from '../../src/wire/raft.ts'
import { HostilePeer, prefixed, send, sendRaw } from '../support/hostile-peer.ts'
import { pour } from '../support/http.ts'
import { eventually } from '../support/mesh.ts'
import { Mole } from '../support/mole.ts'
import { WatchedMesh } from '../support/watched-mesh.ts'

/** Not even the beginning of a protobuf message: a number that does not end. */
const garbage = (size: number): Uint8Array => Buffer.concat([Buffer.alloc(11, 0xff), randomBytes(size)])

interface OnLane {
  readonly id: string
  readonly kind: 'call' | 'stream' | 'notice'
  readonly lane: 'control' | 'bulk'
}

const isOnLane = (value: unknown): value is OnLane =>
  typeof value === 'object' && value !== null && 'id' in value && 'lane' in value
const modules: readonly Readonly<Record<string, unknown>>[] = [
  admission,
  capacity,
  control,
  membership,
  operation,
  raft,
]
const protocols = modules.flatMap((module) => Object.values(module).filter(isOnLane))

let watched: WatchedMesh
const attackers: { stop(): Promise<void> }[] = []

beforeAll(async () => {
  watched = await WatchedMesh.start()
})
afterAll(() => watched.stop())
afterEach(async () => {
  await Promise.all(attackers.splice(0).map((attacker) => attacker.stop()))
})

const target = async (): Promise<TokenContent> => decodeToken(await watched.token(), Date.now())
const stranger = async (): Promise<HostilePeer> => {
  const peer = await HostilePeer.start()
  attackers.push(peer)
  return peer
}
const mole = async (name: string): Promise<Mole> => {
  const made = await Mole.join(await watched.token(), name)
  attackers.push(made)
  return made
}

describe('a stranger', () => {
  const forged = (peer: NodeId, mesh: MeshId): Uint8Array => {
    const { secret } = meshKeys.generate()
    const valid = { notBefore: Date.now() - day, notAfter: Date.now() + day }
    return certify({ mesh, peer, name: 'forged', roles: ['member'], epoch: 1, ...valid }, (body) =>
      meshKeys.sign(secret, certificateTag, mesh, body),
    )
  }

  test('with a forged, a stolen or no certificate is refused and counted, and is no node', async () => {
    const { mesh, addresses } = await target()
    const { certificate } = (await mole('robbed')).membership
    expect(readCertificate(certificate)?.name).toBe('robbed')
    for (const show of [(peer: NodeId) => forged(peer, mesh), () => certificate, () => '']) {
      const peer = await stranger()
      const connection = await peer.dial(addresses)
      await watched.counts(() => peer.greet(connection, mesh, show(peer.id)), 'claw_net_hellos_refused_total')
      await eventually(
        'it is cut off',
        15_000,
        () => Promise.resolve(connection.status),
        (status) => status !== 'open',
      )
    }
    expect((await watched.nodes()).map(({ name }) => name).toSorted()).toEqual(['one', 'robbed', 'two'])
    await watched.expectUnhurt()
  })

  test('that pours random bytes into every protocol that the daemon speaks is counted', async () => {
    const { addresses } = await target()
    const curious = await stranger()
    const { remotePeer } = await curious.dial(addresses)
    const spoken = await eventually(
      'it tells what it speaks',
      15_000,
      async () => (await curious.node.peerStore.get(remotePeer)).protocols,
      (all) => all.includes('/clawbernetes/mux/control/1.0.0') && all.some((one) => one.startsWith('/meshsub/')),
    )
    const attack = async (): Promise<void> => {
      for (const protocol of spoken) {
        const peer = await stranger()
        for (const bytes of [randomBytes(10_000), prefixed(garbage(1_000)), Uint8Array.of(0xff, 0xff, 0xff, 0x7f)]) {
          const connection = await peer.dial(addresses).catch(() => null)
          const stream = await connection?.newStream(protocol).catch(() => null)
          if (stream !== null && stream !== undefined) sendRaw(stream, bytes)
        }
      }
    }
    await watched.counts(attack, 'claw_net_violations_total', { by: 4 })
    await watched.expectUnhurt()
  })

  test('that speaks no libp2p at all, or nothing, is let go', async () => {
    const [, port] = /\/tcp\/(\d+)/.exec((await target()).addresses[0] ?? '') ?? []
    const where = `127.0.0.1:${port ?? ''}`
    const silent = Array.from({ length: 20 }, () => pour(where, '', 2_000))
    await pour(where, randomBytes(100_000))
    await pour(where, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await pour(where, Buffer.concat([Buffer.from('\x13/multistream/1.0.0\n'), randomBytes(1_000)]))
    await Promise.all(silent)
    await watched.expectUnhurt()
  })
})

describe('a member gone bad', () => {
  const reports = 'claw_capacity_reports_total'
  const labels = (verdict: string, reason: string): { labels: string } => ({
    labels: `way="gossip",verdict="${verdict}",reason="${reason}"`,
  })

  test('that sends garbage on every protocol of the members is counted, and kept out after enough of it', async () => {
    expect(protocols.length).toBeGreaterThanOrEqual(12)
    for (const parity of [0, 1]) {
      const half = protocols.filter((_, i) => i % 2 === parity)
      const { lanes } = await mole(`mole-${parity}`)
      const attack = (): Promise<void> => {
        for (const [at, { id: protocol, kind, lane }] of half.entries())
          send(
            lanes[lane],
            kind === 'notice'
              ? frame(FrameKind.NOTICE, { protocol, payload: garbage(500) })
              : frame(FrameKind.REQUEST, { protocol, payload: garbage(500), call: at + 1 }),
          )
        return Promise.resolve()
      }
      await watched.counts(attack, 'claw_net_violations_total', { by: half.length })
    }
    const { lanes } = await mole('persistent')
    const attack = (): Promise<void> => {
      for (let sent = 0; sent < 15; sent += 1) send(lanes.control, frame(FrameKind.REQUEST, { call: 0 }))
      return Promise.resolve()
    }
    await watched.counts(attack, 'claw_net_bans_total')
    await watched.expectUnhurt()
  })

  test('that gossips 10 MiB is counted, and what it says is not heard', async () => {
    const shouter = await mole('shouter')
    await shouter.gossip()
    const attack = (): Promise<void> => {
      sendRaw(shouter.peer.gossipStream(), prefixed(randomBytes(10 * 2 ** 20)))
      return Promise.resolve()
    }
    await watched.counts(attack, 'claw_net_violations_total', { labels: 'gossip-oversized' })
    await watched.expectUnhurt()
  })

  test('that replays, dates ahead, forges or garbles capacity messages is counted, and nobody believes it', async () => {
    const liar = await mole('liar')
    await liar.gossip()
    const two = nodeId((await watched.nodes()).find(({ name }) => name === 'two')?.id ?? '')
    const now = Date.now()
    const truth = { incarnation: now, sequence: 9, at: now }
    await watched.counts(() => liar.publish(liar.signed(truth)), reports, labels('accept', 'new'))

    const lies = [
      ['replayed', liar.signed({ ...truth, sequence: 3, at: now - 3 * minute })],
      ['future', liar.signed({ ...truth, sequence: 10, at: now + 10 * minute })],
      ['conflicting', liar.signed({ ...truth, problems: ['another story'] })],
      ['forged', liar.signed({ ...truth, node: two, incarnation: now + minute, problems: ['on fire'] })],
    ] as const
    for (const [reason, message] of lies)
      await watched.counts(() => liar.publish(message), reports, labels('reject', reason))
    await watched.counts(() => liar.publish(randomBytes(500)), 'claw_gossip_rejected_total')
    await watched.expectUnhurt()
  })

  test('that replays what an honest node said before is not believed: what is newer counts', async () => {
    const heard: Uint8Array[] = []
    const parrot = await mole('parrot')
    await parrot.gossip((message) => heard.push(message))
    const hears = (more: number): Promise<number> =>
      eventually(
        `it hears ${more} reports`,
        45_000,
        () => Promise.resolve(heard.length),
        (count) => count >= more,
      )
    await hears(2)
    const old = [...heard]
    await watched.victim.json(
      'run',
      '-d',
      '--name',
      'busy',
      '--node',
      'two',
      '--gpus',
      '1',
      'host',
      '--',
      'sleep',
      '60',
    )
    await hears(old.length + 2)
    expect((await watched.victim.cli('stop', 'busy')).code).toBe(0)
    await hears(old.length + 4)
    // A field that nobody knows makes it another message to gossip, and leaves the signature as good as it was.
    const attack = (): Promise<unknown> =>
      Promise.all(old.map((message) => parrot.publish(Buffer.concat([message, Uint8Array.of(0x78, 0x01)]))))
    await watched.counts(attack, reports, labels('ignore', 'outdated'))
    await watched.expectUnhurt()
  })
})

test('after all of it work is still placed and run', async () => {
  expect((await watched.mesh.get(1).cli('run', '--gpus', '1', 'host', '--', 'true')).code).toBe(0)
})
