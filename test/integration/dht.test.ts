/** Records among real hosts with kad-dht, over TCP on loopback, with a peer among them that speaks the protocol and means no good. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageType } from '@libp2p/kad-dht'
import { afterEach, describe, expect, test } from 'vitest'
import { openDisk } from '../../src/adapters/disk/disk.ts'
import { newIdentity } from '../../src/adapters/keys/identity.ts'
import { openAddressBook } from '../../src/adapters/level/address-book.ts'
import { publicKeyOf } from '../../src/lib/peer-id.ts'
import { mostRecordBytes, recordKey } from '../../src/model/record.ts'
import { silent } from '../../src/ports/log.ts'
import type { RecordRead } from '../../src/services/records/types.ts'
import { HostileRecordPeer } from '../support/molt/hostile-record-peer.ts'
import { publicationOf, type RecordHost, RecordHosts } from '../support/molt/record-hosts.ts'
import type { nodeValue } from '../support/molt/records.ts'
import { until } from '../support/net.ts'

const signal = AbortSignal.timeout(600_000)
const undo: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const each of undo.splice(0).toReversed()) await each()
})

async function hostsOf(count: number): Promise<{ readonly hosts: RecordHosts; readonly all: readonly RecordHost[] }> {
  const hosts = new RecordHosts()
  undo.push(() => hosts.stop())
  const all = await hosts.addMany(count)
  await hosts.settled(count - 1)
  return { hosts, all }
}

async function hostile(hosts: RecordHosts, known: readonly RecordHost[] = hosts.all): Promise<HostileRecordPeer> {
  const peer = await HostileRecordPeer.join(hosts.network.id, known)
  undo.push(() => peer.stop())
  return peer
}

const the = <T>(one: T | undefined): T => {
  if (one === undefined) throw new Error('there is no such host')
  return one
}

const read = (by: RecordHost, of: RecordHost, isThorough = true): Promise<RecordRead> =>
  by.store.read({ namespace: 'claw-node', id: of.id }, { signal, isThorough, confirm: false })
const softwareOf = ({ value }: Pick<RecordRead, 'value'>): string | null =>
  (value as ReturnType<typeof nodeValue> | null)?.versions.software ?? null
const keyOf = ({ id }: Pick<RecordHost, 'id'>): string => recordKey({ namespace: 'claw-node', id })

test('who reaches its first peer late knows all others soon, and all others know it', async () => {
  const { hosts, all } = await hostsOf(8)
  const told: string[] = []
  const late = await hosts.add({ log: { ...silent, debug: (message) => void told.push(message) } })
  // It would do so again in five minutes.
  await until('kad-dht has looked for peers', () => told.includes('the table of records has looked around'))
  expect(await late.net.closest('/any/key')).toEqual([])

  await hosts.connect(late)

  await hosts.settled(all.length - 1, 15_000)
})

test('what one says all can read, from several of them, and its issuer confirms it', async () => {
  const { all } = await hostsOf(5)
  const [ada, eve] = [the(all[0]), the(all[4])]

  const receipt = await ada.store.publish(publicationOf(ada), signal)
  const found = await eve.store.read({ namespace: 'claw-node', id: ada.id }, { signal, isThorough: true })

  expect(receipt.isEnough).toBe(true)
  expect(found).toMatchObject({ confirmedByIssuer: true, value: { roles: ['provider'] } })
  expect(found.sources.length).toBeGreaterThanOrEqual(3)
})

test('those who say that they have something are found, and show it', async () => {
  const { all } = await hostsOf(4)
  const [ada, bob, eve] = [the(all[0]), the(all[1]), the(all[3])]
  const index = { family: 'h100', memoryGib: 80, region: 'any' }
  for (const each of [ada, bob]) {
    await each.store.publish(publicationOf(each), signal)
    each.store.advertise([index])
  }

  const found = new Set<string>()
  await until('they have said so', () => {
    const look = async (): Promise<void> => {
      for await (const { record } of eve.store.find(index, 'claw-node', signal)) found.add(record.issuer)
    }
    if (found.size < 2) look().catch(() => 'tried again')
    return found.size === 2
  })

  expect([...found].toSorted()).toEqual([ada.id, bob.id].toSorted())
})

test('a host that comes is given what it has to keep, without anybody asking', async () => {
  const { hosts, all } = await hostsOf(3)
  const ada = the(all[0])
  await ada.store.publish(publicationOf(ada), signal)

  const late = await hosts.add()
  await hosts.connect(late)

  let kept: Uint8Array | null = null
  await until('it keeps it', () => {
    late.net
      .local(keyOf(ada))
      .then((value) => (kept = value))
      .catch(() => 'looked again')
    return kept !== null
  })
  expect(kept).not.toBeNull()
})

test('a host that is gone is asked no more', async () => {
  const { all } = await hostsOf(4)
  const [ada, dan] = [the(all[0]), the(all[3])]

  await dan.stop()
  let known: readonly string[] = [dan.id]
  await until('it is out of the table', () => {
    ada.net
      .closest(keyOf(ada))
      .then((peers) => (known = peers))
      .catch(() => 'looked again')
    return !known.includes(dan.id)
  })
  const started = performance.now()
  const { failed, stored } = await ada.net.put(keyOf(ada), (await published(ada)).bytes, { enough: 9, signal })

  expect({ failed, stored: stored.length }).toEqual({ failed: [], stored: 2 })
  expect(performance.now() - started).toBeLessThan(5_000)
})

async function published(host: RecordHost, software = '1.0.0'): Promise<{ readonly bytes: Uint8Array }> {
  await host.store.publish(publicationOf(host, software), signal)
  const bytes = await host.net.local(keyOf(host))
  if (bytes === null) throw new Error('it does not keep its own')
  return { bytes }
}

describe('a hostile peer', () => {
  test('replays an older record: no host takes it, and all keep the newer', async () => {
    const { hosts, all } = await hostsOf(3)
    const ada = the(all[0])
    const old = { key: keyOf(ada), ...(await published(ada)) }
    const { bytes: latest } = await published(ada, '2.0.0')
    const eve = await hostile(hosts)

    const took = await Promise.all(all.map((host) => eve.puts(host, old)))

    expect(took).toEqual(all.map(() => false))
    for (const host of all)
      expect(Buffer.from((await host.net.local(old.key)) ?? []).equals(Buffer.from(latest))).toBe(true)
  })

  test('two at once: whichever is looked at first, the better one stays', async () => {
    const { hosts, all } = await hostsOf(2)
    const [bob, issuer] = [the(all[1]), newIdentity()]
    const eve = await hostile(hosts)
    const records = [3n, 1n, 4n, 2n].map((sequence) => hosts.made(issuer, `${sequence}.0.0`, { sequence }))

    await Promise.all(records.map((record) => eve.puts(bob, record)))

    const best = the(records[2])
    expect(Buffer.from((await bob.net.local(best.key)) ?? []).equals(Buffer.from(best.bytes))).toBe(true)
  })

  test('stays with an old record and refuses every correction: readers get the new one all the same', async () => {
    const { hosts, all } = await hostsOf(3)
    const ada = the(all[0])
    const { bytes } = await published(ada)
    const record = { key: keyOf(ada), bytes } as Parameters<HostileRecordPeer['staysWith']>[0]
    const liars = [await hostile(hosts), await hostile(hosts)]
    for (const liar of liars) liar.staysWith(record)
    await published(ada, '2.0.0')

    const late = await hosts.add()
    await hosts.connect(late)
    for (const { id } of hosts.all)
      if (id !== late.id) await late.host.peers.connect(id, addressesOf(hosts, id), signal)

    for (const liar of liars) await liar.meets([late])
    const replies = new Set<string>()
    for await (const { from } of late.net.ask(record.key, signal)) replies.add(from)
    expect(liars.every(({ id }) => replies.has(id))).toBe(true)
    expect(softwareOf(await read(late, ada))).toBe('2.0.0')
    for (const host of all) expect(softwareOf(await read(host, ada))).toBe('2.0.0')
  })

  test('keeps back what it was given, with two more of its kind: one honest host is enough', async () => {
    const { hosts, all } = await hostsOf(2)
    const [ada, bob] = [the(all[0]), the(all[1])]
    const liars = [await hostile(hosts), await hostile(hosts), await hostile(hosts)]
    for (const liar of liars)
      liar.behaves(({ type, key = new Uint8Array(0) }) =>
        type === MessageType.GET_VALUE ? { type, key, closer: [], providers: [] } : null,
      )
    await published(ada)
    await bob.net.forget(keyOf(ada))

    expect(await read(bob, ada)).toMatchObject({ value: { roles: ['provider'] } })
  })

  test('is given nothing whose life is over, and no host takes it from it', async () => {
    const { hosts, all } = await hostsOf(2)
    const [bob, issuer] = [the(all[1]), newIdentity()]
    const eve = await hostile(hosts)
    const brief = hosts.made(issuer, '1.0.0', { endOfLife: Date.now() + 1_500 })
    expect(await eve.puts(bob, brief)).toBe(true)
    expect(await eve.gets(bob, brief.key)).not.toBeNull()

    await until('its life is over', () => Date.now() > brief.record.endOfLife)

    expect(await eve.gets(bob, brief.key)).toBeNull()
    expect(await eve.puts(bob, brief)).toBe(false)
  })

  test('finds no host that keeps what is no record of the network', async () => {
    const { hosts, all } = await hostsOf(2)
    const [bob, issuer] = [the(all[1]), newIdentity()]
    const eve = await hostile(hosts)
    const good = hosts.made(issuer)
    const publicKey = Buffer.concat([Buffer.from('08011220', 'hex'), publicKeyOf(eve.id) ?? Buffer.alloc(0)])
    const multihash = Buffer.concat([Buffer.from([0x00, publicKey.length]), publicKey])
    const wrong = {
      future: hosts.made(issuer, '1', { issuedAt: Date.now() + 200_000 }),
      'another name': { ...good, key: keyOf({ id: bob.id }) },
      'another kind': { ...good, key: good.key.replace('claw-node', 'claw-offer') },
      'no kind of ours': { ...good, key: good.key.replace('claw-node', 'ipns') },
      'a public key': { key: `/pk/${multihash.toString('latin1')}`, bytes: publicKey },
      stranger: hosts.made(issuer, '1', { certificate: new Uint8Array(0) }),
      torn: { ...good, bytes: good.bytes.slice(0, -1) },
      'not as it must be written': { ...good, bytes: Buffer.concat([good.bytes, Buffer.from([0x62, 0x00])]) },
      large: { ...good, bytes: Buffer.alloc(mostRecordBytes + 1) },
    }

    const took: Record<string, boolean> = {}
    for (const [what, record] of Object.entries(wrong)) took[what] = await eve.puts(bob, record)

    expect(took).toEqual(Object.fromEntries(Object.keys(wrong).map((what) => [what, false])))
    expect(await eve.puts(bob, good)).toBe(true)
  })

  test('fills no disk with one issuer, and says no more at once than it may', async () => {
    const { hosts, all } = await hostsOf(2)
    const bob = the(all[1])
    const eve = await hostile(hosts)

    const many = Array.from({ length: 40 }, (_, i) => hosts.made(bob.identity, '1', { sequence: BigInt(i + 1) }))
    const took: boolean[] = []
    for (const record of many) took.push(await eve.puts(the(all[0]), record))
    expect(took.filter(Boolean).length).toBeLessThan(25)

    const huge = { type: MessageType.GET_VALUE, key: Buffer.alloc(10_000) }
    expect(await eve.sends(bob, huge)).toBeNull()
    expect(bob.metrics.of('claw_dht_refused_total size')).toBe(1)
  })
})

const addressesOf = (hosts: RecordHosts, id: string): readonly string[] =>
  hosts.all.find((each) => each.id === id)?.host.peers.addresses() ?? []

test('a host that was restarted still has what it kept, and takes nothing older', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'claw-records-'))
  undo.push(() => rm(folder, { recursive: true, force: true }))
  const { hosts, all } = await hostsOf(2)
  const [identity, ada] = [newIdentity(), the(all[0])]
  const opened = async () => ({
    ...{ identity, disk: await openDisk(join(folder, 'disk')) },
    datastore: await openAddressBook(join(folder, 'book'), silent),
  })
  const first = await opened()
  const bob = await hosts.add(first)
  await hosts.connect(bob)
  await hosts.settled(2)
  const old = { key: keyOf(ada), ...(await published(ada)) }
  const { bytes: latest } = await published(ada, '2.0.0')
  await bob.stop()
  hosts.all.splice(hosts.all.indexOf(bob), 1)
  await first.datastore.close()

  const second = await opened()
  undo.push(() => second.datastore.close())
  const back = await hosts.add(second)

  undo.push(() => back.stop())
  expect(Buffer.from((await back.net.local(old.key)) ?? []).equals(Buffer.from(latest))).toBe(true)
  expect(await back.keeper.check(old.key, old.bytes)).toBe('stale')
  expect(softwareOf(await read(back, ada, false))).toBe('2.0.0')
})

test('its own host puts nothing that its guard would not take from others', async () => {
  const { all } = await hostsOf(2)
  const ada = the(all[0])
  const old = await published(ada)
  await published(ada, '2.0.0')

  const put = ada.net.put(keyOf(ada), old.bytes, { enough: 1, signal })
  await expect(put).rejects.toMatchObject({ code: 'RECORD_REFUSED', facts: { why: 'stale' } })

  expect(softwareOf(await read(ada, ada, false))).toBe('2.0.0')
})
