import { describe, expect, test } from 'vitest'
import { mayForward } from '../../../../src/core/state/authority.ts'
import { decodeEntry, encodeEntry } from '../../../../src/core/state/entry.ts'
import { moltNetworkId } from '../../../../src/core/state/molt.ts'
import type { WrittenGenesis } from '../../../../src/core/state/molt-commands.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { versionNeeded } from '../../../../src/core/state/versions.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import type { MoltPart } from '../../../../src/model/molt.ts'
import { ada, bob, meshOf, refusal } from '../../../support/control-samples.ts'

const genesis = (parts: Partial<WrittenGenesis> = {}): WrittenGenesis => ({
  ...{ name: 'lab', witnesses: ['marketada'], faulty: 0, feeBps: 0, feeTo: null },
  ...{ issuers: [{ account: 'marketada', limit: '1000000' }], claimTime: 3_600_000, createdAt: 5 },
  ...parts,
})
const at = '/ip4/10.0.0.1/tcp/4711/p2p/marketada'
const set = (rules = genesis(), bootstrap: readonly string[] = []): Command => ({
  ...{ type: 'set-molt-network', genesis: rules, bootstrap },
})
const part = (parts: Partial<MoltPart> = {}): MoltPart => ({
  ...{ party: nodeId('marketada'), mode: 'moderate', since: 3, addresses: [at], ...parts },
})
const entryOf = (command: Command): Uint8Array => encodeEntry({ id: 'x', at: 1, by: 'socket', via: null, command })

describe('the MOLT network of a mesh', () => {
  test('is the one that was committed first: a second is refused and told which one stands', () => {
    const book = meshOf([ada, bob])
    const first = genesis()
    expect(refusal(book.run(set(first)))).toBe(null)

    const { outcome } = book.run(set(genesis({ name: 'other' })))

    const facts = { network: moltNetworkId(first), name: 'lab' }
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'MOLT_NETWORK_EXISTS', facts } })
    expect(book.state.moltNetwork).toMatchObject({ id: moltNetworkId(first), genesis: first, bootstrap: [] })
  })

  test('may have its addresses changed, and stays as old as it is', () => {
    const book = meshOf([ada])
    book.run(set(), { by: 'ada the admin' })
    const since = book.state.moltNetwork?.since
    expect(refusal(book.run(set(genesis(), [at]), { by: 'another' }))).toBe(null)
    expect(book.state.moltNetwork).toMatchObject({ bootstrap: [at], by: 'ada the admin', since })
  })

  test('is left only by its name, and with it all parts are gone', () => {
    const book = meshOf([ada])
    book.run(set())
    book.run({ type: 'report-molt', node: ada, part: part() })
    expect(refusal(book.run({ type: 'leave-molt-network', network: 'molt-another' }))).toBe('MOLT_NO_NETWORK')
    expect(refusal(book.run({ type: 'leave-molt-network', network: moltNetworkId(genesis()) }))).toBe(null)
    expect(book.state.moltNetwork).toBe(null)
    expect(book.state.moltParts.size).toBe(0)
    expect(refusal(book.run({ type: 'report-molt', node: ada, part: part() }))).toBe('MOLT_NO_NETWORK')
  })

  test('is kept with the parts of its nodes over snapshots, amounts as digits', () => {
    const book = meshOf([ada, bob])
    const before = snapshot(book.state)
    expect(new TextDecoder().decode(before)).not.toContain('molt')
    book.run(set(genesis(), [at]))
    book.run({ type: 'report-molt', node: ada, part: part() })
    expect(restore(snapshot(book.state))).toEqual(book.state)
    expect(book.state.moltNetwork?.genesis.issuers[0]?.limit).toBe('1000000')
  })
})

describe('a part in it', () => {
  test('is told by each node for itself, and goes with the node', () => {
    const book = meshOf([ada, bob])
    book.run(set())
    const report: Command = { type: 'report-molt', node: bob, part: part({ mode: 'buy-only' }) }
    expect([mayForward(report, bob), mayForward(report, ada), mayForward(report, bob, true)]).toEqual([
      true,
      false,
      true,
    ])
    expect(mayForward(set(), bob, true)).toBe(false)
    book.run(report)
    expect(book.state.moltParts.get(bob)).toMatchObject({ mode: 'buy-only' })
    book.run({ type: 'remove-member', node: bob, force: true })
    expect(book.state.moltParts.size).toBe(0)
  })

  test('ends when the node says that it has none', () => {
    const book = meshOf([ada])
    book.run(set())
    book.run({ type: 'report-molt', node: ada, part: part() })
    book.run({ type: 'report-molt', node: ada, part: null })
    expect(book.state.moltParts.size).toBe(0)
    const told = book.state.events.filter(({ type }) => type.startsWith('molt.')).map(({ type }) => type)
    expect(told).toEqual(['molt.network-joined', 'molt.joined', 'molt.left'])
  })
})

describe('its commands', () => {
  test('come through the log as they are, and only in a mesh of the second version', () => {
    for (const command of [set(genesis(), [at]), { type: 'report-molt', node: ada, part: part() }] as Command[]) {
      expect(decodeEntry(entryOf(command))?.command).toEqual(command)
      expect(versionNeeded(command)).toBe(2)
    }
  })

  test.each([
    ['without witnesses', genesis({ witnesses: [] }), []],
    ['with more liars than it can bear', genesis({ faulty: 1 }), []],
    ['with an amount that is none', genesis({ issuers: [{ account: 'a', limit: '-1' }] }), []],
    ['with more than rules', { ...genesis(), extra: 1 } as WrittenGenesis, []],
    ['with an address without a peer', genesis(), ['/ip4/10.0.0.1/tcp/4711']],
    ['with too many addresses', genesis(), Array.from({ length: 65 }, () => at)],
  ])('are refused for a network %s', (_, rules, bootstrap) => {
    expect(() => entryOf(set(rules, bootstrap))).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })
})
