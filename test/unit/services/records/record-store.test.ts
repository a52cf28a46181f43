/** Records of a network as its nodes publish, keep and read them, among peers of whom some lie. */
import { beforeEach, describe, expect, test } from 'vitest'
import { offerId } from '../../../../src/core/records/rules/offer.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { recordKey } from '../../../../src/model/record.ts'
import { day, hour, minute, second } from '../../../../src/model/time.ts'
import type { Publication } from '../../../../src/services/records/types.ts'
import { simSigner } from '../../../../src/simulation/signer.ts'
import { recordSightings } from '../../../../src/wire/record.ts'
import { about, RecordMesh, type RecordNode, softwareOf } from '../../../support/molt/record-mesh.ts'
import { ada as adaId, made, type MadeRecord, nodeValue, noon, offerValue } from '../../../support/molt/records.ts'

const { signal } = new AbortController()
let mesh: RecordMesh
let [ada, bob, cyd, dan]: RecordNode[] = []

const names = ['ada', 'bob', 'cyd', 'dan']

beforeEach(async () => {
  mesh = new RecordMesh()
  ;[ada, bob, cyd, dan] = await mesh.addAll(...names)
})

const it = (node: RecordNode | undefined): RecordNode => {
  if (node === undefined) throw new Error('there is no such node')
  return node
}

const publish = (node: RecordNode, what?: Publication) => mesh.publish(node, what)
const read = (node: RecordNode, of: RecordNode, options?: object) => mesh.read(node, of, options)
const deaf = (...nodes: readonly RecordNode[]): void => mesh.deafen(...nodes)

describe('publishing', () => {
  test('a record is kept by peers, read by all, and confirmed by who issued it', async () => {
    const { stored, isEnough } = await publish(it(ada))
    expect({ stored: stored.toSorted(), isEnough }).toEqual({ stored: ['bob', 'cyd', 'dan'], isEnough: true })
    const { value, confirmedByIssuer, freshness } = await read(it(dan), it(ada))
    expect({ software: softwareOf(value), confirmedByIssuer }).toEqual({ software: '1.0.0', confirmedByIssuer: true })
    expect(freshness).toBeLessThan(10 * second)
  })

  test('the later one counts everywhere, and those who listen see it without asking', async () => {
    const seen: string[] = []
    it(cyd).store.onSeen(({ value }) => seen.push(softwareOf(value) ?? ''))
    await publish(it(ada))
    await publish(it(ada), about(it(ada), '2.0.0'))
    expect(seen).toEqual(['1.0.0', '2.0.0'])
    expect(softwareOf((await read(it(bob), it(ada))).value)).toBe('2.0.0')
  })

  test('a node says one a second, whoever asks it to', async () => {
    const started = mesh.world.elapsed()
    await Promise.all(['1', '2', '3', '4'].map((software) => publish(it(ada), about(it(ada), software))))
    expect(mesh.world.elapsed() - started).toBeGreaterThanOrEqual(3 * second)
  })

  test('a node that is alone keeps what it says, and gives it to peers that come', async () => {
    const small = new RecordMesh()
    const only = await small.add('ada')
    const receipt = await small.play(only.store.publish(about(only), signal))
    expect(receipt).toMatchObject({ stored: [], isEnough: false })
    const late = await small.add('bob')
    await small.world.runFor(8 * second)
    expect(await late.net.local(recordKey({ namespace: 'claw-node', id: only.id }))).not.toBeNull()
  })

  test('what a node may not say is refused before it is kept anywhere', async () => {
    const wrong = about(it(ada), '1', { id: it(bob).id })
    await expect(publish(it(ada), wrong)).rejects.toThrow(ClawError)
    await expect(publish(it(ada), about(it(ada), 'x'.repeat(65)))).rejects.toMatchObject({ code: 'RECORD_REFUSED' })
    expect(await it(bob).net.local(recordKey(wrong))).toBeNull()
  })

  test('withdrawn is withdrawn: what was there does not come back', async () => {
    const offer: Publication = {
      ...{ namespace: 'claw-offer', id: offerId(it(ada).id, 1), value: offerValue(it(ada).id) },
      ...{ life: hour, until: noon + hour },
    }
    await publish(it(ada), offer)
    const old = await it(bob).net.local(recordKey(offer))
    expect(await mesh.play(it(ada).store.withdraw(offer, signal))).toMatchObject({ isEnough: true })
    const { value, found } = await mesh.play(it(cyd).store.read(offer, { signal }))
    expect({ value, kind: found?.record.kind }).toEqual({ value: null, kind: 'tombstone' })
    expect(await it(bob).net.receives(recordKey(offer), old ?? new Uint8Array(0))).toBe(false)
    expect(await mesh.play(it(ada).store.withdraw(offer, signal))).toBeNull()
  })

  test('it is said again in a third of its life, under a higher number', async () => {
    const { sequence } = await publish(it(ada))
    await mesh.world.runFor(41 * minute)
    const { found } = await read(it(bob), it(ada))
    expect(found?.record.sequence).toBeGreaterThan(sequence)
    expect(found?.record.endOfLife).toBeGreaterThan(noon + 2 * hour)
    await mesh.world.runFor(6 * hour)
    expect(softwareOf((await read(it(dan), it(ada))).value)).toBe('1.0.0')
  })

  test('it is not said again after its time', async () => {
    await publish(it(ada), about(it(ada), '1.0.0', { until: noon + hour }))
    await mesh.world.runFor(4 * hour)
    expect((await read(it(bob), it(ada))).value).toBeNull()
  })
})

describe('attacks', () => {
  test('a replay of an older record is taken by nobody, and changes nothing', async () => {
    await publish(it(ada))
    const key = recordKey({ namespace: 'claw-node', id: it(ada).id })
    const old = (await it(bob).net.local(key)) ?? new Uint8Array(0)
    await publish(it(ada), about(it(ada), '2.0.0'))
    const took = await Promise.all([it(bob), it(cyd), it(dan)].map(({ net }) => mesh.play(net.receives(key, old))))
    expect(took).toEqual([false, false, false])
    expect(softwareOf((await read(it(bob), it(ada))).value)).toBe('2.0.0')
  })

  test('a floor that was heard of keeps out what is older, where the record itself was never kept', async () => {
    const [old, next] = [made(), made({ sequence: 2n, value: nodeValue('2.0.0') })]
    expect(await mesh.play(it(bob).keeper.check(next.key, next.bytes))).toBeNull()
    expect(await mesh.play(it(bob).net.receives(old.key, old.bytes))).toBe(false)
    expect(it(bob).tally.of('claw_records_refused_total stale')).toBe(1)
  })

  test('peers that are stuck with the old record, and refuse the new one, deny it to nobody', async () => {
    await publish(it(ada))
    it(bob).net.manners = 'stuck'
    it(cyd).net.manners = 'stuck'
    deaf(it(bob), it(cyd))
    await publish(it(ada), about(it(ada), '2.0.0'))
    const eve = await mesh.add('eve')
    const { value } = await read(eve, it(ada), { confirm: false })
    expect(softwareOf(value)).toBe('2.0.0')
  })

  test.each([1, 2, 3])('%i of the closest that keep it back deny it to nobody', async (liars) => {
    await publish(it(ada))
    const eve = await mesh.add('eve')
    for (const { net } of [it(bob), it(cyd), it(dan)].slice(0, liars)) net.manners = 'withholds'
    const { value, sources } = await read(eve, it(ada), { confirm: false, isThorough: true })
    expect(softwareOf(value)).toBe('1.0.0')
    expect(sources.length).toBeGreaterThanOrEqual(1)
  })

  test('when all keep it back there is none, which proves nothing, and the issuer’s own word is not asked for in vain', async () => {
    await publish(it(ada))
    const eve = await mesh.add('eve')
    for (const { net } of [it(ada), it(bob), it(cyd), it(dan)]) net.manners = 'withholds'
    expect(await read(eve, it(ada))).toMatchObject({ found: null, value: null, sources: [], freshness: null })
  })

  test('somebody who signs two records with one number is closed out, and everybody can check why', async () => {
    const [one, other] = [made(), made({ value: nodeValue('2.0.0') })]
    expect(await mesh.play(it(bob).net.receives(one.key, one.bytes))).toBe(true)
    await mesh.play(it(bob).net.receives(other.key, other.bytes))
    await mesh.world.runFor(5 * second)
    const next = made({ sequence: 9n })
    const refusals = await Promise.all(
      [it(bob), it(cyd), it(dan)].map(({ keeper }) => mesh.play(keeper.check(next.key, next.bytes))),
    )
    expect(refusals).toEqual(['closed-out', 'closed-out', 'closed-out'])
    expect(it(bob).tally.of('claw_records_conflicts_total')).toBe(1)
    expect([adaId, it(bob).id].map((who) => it(dan).store.closedOut.has(who))).toEqual([true, false])
    const again = await mesh.restart(it(cyd))
    expect(await mesh.play(again.keeper.check(next.key, next.bytes))).toBe('closed-out')
    expect(again.store.closedOut.has(adaId)).toBe(true)
  })

  test('of two with one number all keep the same one, in whichever order they come', async () => {
    const [one, other] = [made(), made({ value: nodeValue('2.0.0') })]
    const kept = async (...order: readonly MadeRecord[]) => {
      const { keeper } = await new RecordMesh().add('bob')
      for (const { key, bytes } of order) await keeper.check(key, bytes)
      return keeper.bestOf(one.key)?.standing.hash
    }
    expect(await kept(one, other)).toBe(await kept(other, one))
  })

  test('a key that was replaced issues nothing more, and its successor does', async () => {
    const value = { successor: it(bob).id, recovery: null }
    const revocation: Publication = {
      ...{ namespace: 'claw-rvk', id: it(ada).id, value, life: 48 * hour, until: noon + day },
    }
    await publish(it(ada), revocation)
    await expect(publish(it(ada))).rejects.toMatchObject({ code: 'RECORD_REFUSED', facts: { why: 'revoked' } })
    const stolen = made({ by: simSigner(it(ada).id), sequence: 2n ** 64n - 1n })
    expect(await mesh.play(it(dan).keeper.check(stolen.key, stolen.bytes))).toBe('revoked')
    const again = await mesh.restart(it(dan))
    expect(await mesh.play(again.keeper.check(stolen.key, stolen.bytes))).toBe('revoked')
    expect(await publish(it(bob))).toMatchObject({ isEnough: true })
  })

  test('more records than an issuer may have are kept by nobody', async () => {
    const quotas = { records: 3, bytes: 100_000, allRecords: 7, allBytes: 100_000 }
    const eve = await mesh.add('eve', { quotas })
    const put = async (by: string, number: number): Promise<boolean> => {
      const issuer = simSigner(adaId)
      const { key, bytes } = made({
        ...{ by: { ...issuer, id: by as typeof adaId, sign: simSigner(by as typeof adaId).sign } },
        ...{ namespace: 'claw-offer', id: offerId(by as typeof adaId, number) },
        value: offerValue(by as typeof adaId, number),
      })
      return mesh.play(eve.net.receives(key, bytes))
    }
    expect([await put('a', 1), await put('a', 2), await put('a', 3), await put('a', 4)]).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect([await put('b', 1), await put('b', 2), await put('b', 3)]).toEqual([true, true, false])
  })

  test('new records that come too fast are taken by nobody, whoever sends them, and other issuers do not suffer', async () => {
    const sequences = Array.from({ length: 30 }, (_, i) => BigInt(i + 1))
    const refusals: (string | null)[] = []
    for (const sequence of sequences) {
      const { key, bytes } = made({ sequence })
      refusals.push(await it(bob).keeper.check(key, bytes))
    }
    expect(refusals.filter((why) => why === 'pace').length).toBeGreaterThan(10)
    const other = made({ by: simSigner(it(cyd).id) })
    expect(await it(bob).keeper.check(other.key, other.bytes)).toBeNull()
  })

  test('gossip that is no record is held against who passes it on; what is merely old is not', async () => {
    const { host } = it(ada)
    const { bytes } = made()
    await host.gossip.publish(recordSightings, bytes.slice(1))
    await host.gossip.publish(recordSightings, made({ network: 'molt-other' }).bytes)
    await host.gossip.publish(recordSightings, made({ issuedAt: noon - 5 * hour, endOfLife: noon - 4 * hour }).bytes)
    await mesh.world.runFor(second)
    expect(it(bob).host.gossip.rejected.get(it(ada).id)).toBe(2)
  })
})

test('offers are found by what is asked for, at those who say that they have it', async () => {
  const offer: Publication = {
    ...{ namespace: 'claw-offer', id: offerId(it(ada).id, 1), value: offerValue(it(ada).id) },
    ...{ life: hour, until: noon + hour },
  }
  await publish(it(ada), offer)
  const index = { family: 'h100', memoryGib: 80, region: 'any' }
  it(ada).store.advertise([index])
  await mesh.world.runFor(second)
  const found: string[] = []
  const search = async (node: RecordNode): Promise<void> => {
    for await (const { record } of node.store.find(index, 'claw-offer', signal)) found.push(record.issuer)
  }
  await mesh.play(search(it(dan)))
  expect(found).toEqual(['ada'])
})
