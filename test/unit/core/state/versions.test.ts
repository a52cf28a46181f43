import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { apply } from '../../../../src/core/state/apply.ts'
import { CommandSchema } from '../../../../src/core/state/entry.ts'
import { restore, versionOf } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import { createState } from '../../../../src/core/state/state.ts'
import {
  additions,
  laggards,
  refusalOf,
  supported,
  versionNeeded,
  versionToRaise,
} from '../../../../src/core/state/versions.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import type { NodeId } from '../../../../src/model/ids.ts'
import { workloadId } from '../../../../src/model/ids.ts'
import { rangeText } from '../../../../src/model/version.ts'
import type { Book } from '../../../support/control-samples.ts'
import {
  ada,
  admit,
  bob,
  cyd,
  inventory,
  meshOf,
  newMember,
  refusal,
  submit,
  token,
} from '../../../support/control-samples.ts'
import type { Intent } from '../../../support/state-commands.ts'
import { intent, toCommand } from '../../../support/state-commands.ts'

const nodes = [ada, bob, cyd] as const
const both = { oldest: 1, newest: 2 }

/** The node starts a build that applies up to that version, and says so. */
const upgrade = (book: Book, node: NodeId, newest = 2): void => {
  const versions = { clawnode: '0.2.0', state: rangeText({ oldest: 1, newest }) }
  book.run({ type: 'report-inventory', node, inventory: inventory(node, 2, { versions }) })
}
const raise = (version = 2): Command => ({ type: 'raise-version', version })
const stop: Command = { type: 'request-stop', workload: workloadId('wl-a'), force: false, reason: 'enough' }

describe('the mesh goes on to a version', () => {
  test('only when the last of its members applies it', () => {
    const book = meshOf(nodes)
    for (const [i, node] of nodes.entries()) {
      expect(versionToRaise(book.state, both)).toBe(null)
      expect(laggards(book.state, 2)).toEqual(nodes.slice(i))
      expect(refusal(book.run(raise()))).toBe('UPGRADE_NEEDED')
      upgrade(book, node)
    }
    expect(versionToRaise(book.state, both)).toBe(2)
    expect(refusal(book.run(raise()))).toBe(null)
    expect(book.state.version).toBe(2)
    expect(book.state.events.at(-1)?.type).toBe('mesh.upgraded')
    expect(versionToRaise(book.state, both)).toBe(null)
  })

  test('never to one that the leader itself does not apply', () => {
    const book = meshOf(nodes)
    for (const node of nodes) upgrade(book, node, 4)
    expect(versionToRaise(book.state, both)).toBe(2)
    expect(versionToRaise(book.state, { oldest: 1, newest: 1 })).toBe(null)
  })

  test('not while a member has not said what it applies, nor while a lost one is still a member', () => {
    const book = meshOf([ada, bob])
    upgrade(book, ada)
    book.run({ type: 'record-liveness', node: bob, liveness: 'lost' })
    expect(refusal(book.run(raise()))).toBe('UPGRADE_NEEDED')
    book.run({ type: 'remove-member', node: bob, force: true })
    book.run(token('t'))
    book.run(admit('t', newMember(cyd)))
    expect(laggards(book.state, 2)).toEqual(['cyd'])
    upgrade(book, cyd)
    expect(refusal(book.run(raise()))).toBe(null)
  })

  test('and never back', () => {
    const book = meshOf([ada])
    upgrade(book, ada)
    book.run(raise())
    for (const version of [0, 1, 2]) expect(refusal(book.run(raise(version)))).toBe('INVALID_REQUEST')
    upgrade(book, ada, 1)
    expect(book.state.version).toBe(2)
  })
})

describe('what came with a later version', () => {
  test('is refused before it, by name of who must be upgraded first', () => {
    const book = meshOf([ada, bob])
    upgrade(book, ada)
    expect(refusalOf(stop, book.state)).toEqual({ what: 'reason of request-stop', needs: 2, has: 1, nodes: 'bob' })
    expect(refusalOf({ type: 'request-stop', workload: workloadId('wl-a'), force: false }, book.state)).toBe(null)
    upgrade(book, bob)
    book.run(raise())
    expect(refusalOf(stop, book.state)).toBe(null)
  })

  test('is refused in a message of some length, however many must be upgraded', () => {
    const many = Array.from({ length: 100 }, (_, i) => `n${String(i).padStart(2, '0')}` as NodeId)
    expect(refusalOf(stop, meshOf(many).state)?.nodes).toBe('n00, n01, n02, n03, n04, n05, n06, n07, 92 more')
  })

  test('leads to a state that keeps it, also through a snapshot', () => {
    const book = meshOf([ada])
    upgrade(book, ada)
    book.run(raise())
    book.run(submit('wl-a'))
    book.run(stop)
    const { workloads } = restore(snapshot(book.state))
    expect(workloads.get(workloadId('wl-a'))?.stopRequested?.reason).toBe('enough')
  })

  test('is in the table with a version that this build applies, and with a command and a field that there are', () => {
    const fields = new Set(fieldsOf())
    for (const { version, command, field } of additions) {
      expect(version).toBeGreaterThan(1)
      expect(version).toBeLessThanOrEqual(supported.newest)
      expect(fields).toContain(field === undefined ? command : `${command}.${field}`)
    }
  })
})

describe('snapshots', () => {
  test('of the first version say nothing of versions, for a build from before versions reads them', () => {
    const text = new TextDecoder().decode(snapshot(meshOf([ada]).state))
    expect(text.startsWith('{"format":1,"mesh":')).toBe(true)
  })

  test.each([
    [1, both, true],
    [2, both, true],
    [2, { oldest: 1, newest: 1 }, false],
    [1, { oldest: 2, newest: 3 }, false],
    [3, { oldest: 3, newest: 4 }, true],
  ])('of version %i are taken by a build that applies %o: %s', (version, applies, taken) => {
    const bytes = snapshot({ ...createState(), version })
    expect(versionOf(bytes)).toBe(version)
    if (taken) expect(restore(bytes, applies).version).toBe(version)
    else expect(() => restore(bytes, applies)).toThrow(expect.objectContaining({ code: 'VERSION_UNSUPPORTED' }))
  })

  test('of a later version are told from damaged ones, whatever else they hold', () => {
    const later = new TextEncoder().encode('{"format":1,"version":9,"what":"nobody knows yet"}')
    expect(() => restore(later)).toThrow(expect.objectContaining({ code: 'VERSION_UNSUPPORTED' }))
  })
})

const isOfFirst = ({ kind }: Intent): boolean => !['vault', 'secret', 'secret-use', 'config'].includes(kind)

test('a history without what is new gives a state that a build of the first version can take over', () => {
  fc.assert(
    fc.property(fc.array(intent.filter(isOfFirst), { maxLength: 60 }), (intents) => {
      const { state } = meshOf(nodes)
      for (const [i, each] of intents.entries()) {
        const command = toCommand(state, each, i)
        expect(versionNeeded(command)).toBe(1)
        const position = { index: state.index + 1, term: 1 }
        apply(state, { id: `x${i}`, at: 2_000 + i, by: 'socket', via: null, command }, position)
      }
      expect(restore(snapshot(state), { oldest: 1, newest: 1 })).toEqual(state)
    }),
  )
})

/**
 * Every field of every command stands in the list of the first version, which is closed, or in the table. Before the first release a
 * field may still go into the list.
 */
test('nothing has been added to a command without a line in the table', () => {
  const first = readFileSync(new URL('../../../fixtures/state/version-1.txt', import.meta.url), 'utf8')
  const inTable = additions.map(({ command, field }) => (field === undefined ? command : `${command}.${field}`))
  const known = new Set([...first.trim().split('\n'), 'raise-version', 'raise-version.version'])
  const fields = fieldsOf()
  // What came with a command or a field came with all that is in it.
  const isNew = (field: string): boolean => inTable.some((one) => field === one || field.startsWith(`${one}.`))
  expect(fields.filter((field) => !known.has(field) && !isNew(field))).toEqual([])
  expect([...known].filter((field) => !fields.includes(field))).toEqual([])
  expect(inTable.filter((one) => known.has(one) || !fields.includes(one))).toEqual([])
})

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema & { readonly const?: string }>>
  readonly oneOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
}

/** The type of each command, and the path of each of its fields. */
function fieldsOf(): readonly string[] {
  const schema = z.toJSONSchema(CommandSchema, { unrepresentable: 'any', io: 'input' }) as JsonSchema
  const commands = schema.oneOf ?? schema.anyOf ?? []
  return commands.flatMap((command) => {
    const name = command.properties?.['type']?.const ?? ''
    return [name, ...paths(command, name).filter((path) => path !== `${name}.type`)]
  })
}

function paths(schema: JsonSchema, above: string): readonly string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    `${above}.${key}`,
    ...paths(value, `${above}.${key}`),
  ])
  const variants = [
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...(schema.items === undefined ? [] : [schema.items]),
  ]
  return [...new Set([...own, ...variants.flatMap((variant) => paths(variant, above))])]
}
