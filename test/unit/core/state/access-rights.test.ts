import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { decide, judge } from '../../../../src/core/access/decide.ts'
import { isStranger, standingOf } from '../../../../src/core/access/standing.ts'
import { mayForward } from '../../../../src/core/state/authority.ts'
import { limits } from '../../../../src/core/state/state.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { Command, CommandOf } from '../../../../src/core/state/types.ts'
import type { Identity } from '../../../../src/model/access.ts'
import { nodeId } from '../../../../src/model/ids.ts'
import { day } from '../../../../src/model/time.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, admit, bob, cyd, inventory, meshOf, newMember, refusal, token } from '../../../support/control-samples.ts'

let book: Book
const key = nodeId('12D3KooWkey')
const ak = 'ak_aaaaaaaaaaaa'

beforeEach(() => {
  book = meshOf([ada, bob])
})

const bind = (user: string, role: string, namespace: string | null = null): Command => ({
  ...{ type: 'bind-role', user, binding: { role, namespace } },
})
const unbind = (user: string, role: string, namespace: string | null = null): Command => ({
  ...{ type: 'unbind-role', user, binding: { role, namespace } },
})
const addOperator = (name = 'eve'): Command => ({ type: 'add-operator', key, name })
const newKey = (parts: Partial<CommandOf<'create-apikey'>['key']> = {}): Command => ({
  type: 'create-apikey',
  key: {
    ...{ id: ak, name: 'ci', user: 'eve', hash: 'a'.repeat(64), namespace: null, expiresAt: day, lifetime: day },
    scopes: [{ verbs: ['*'], resources: ['*'], namespaces: ['*'] }],
    ...parts,
  },
})
const role: Command = {
  ...{ type: 'create-role' },
  role: { name: 'debugger', about: '', rules: [{ verbs: ['exec'], resources: ['workload'], namespaces: ['*'] }] },
}

function run(...commands: readonly Command[]): void {
  for (const command of commands) expect(refusal(book.run(command))).toBe(null)
}

/** Whether they may; a word when they are not let in at all. */
function may(identity: Identity, verb: string, resource: string, namespace: string | null = null, at = 2_000) {
  const standing = standingOf(book.state, { identity }, { at, self: ada })
  return isStranger(standing) ? 'stranger' : judge(standing, { verb, resource, namespace }).isAllowed
}

const operator: Identity = { kind: 'operator', key }
const eve: Identity = { kind: 'user', user: 'eve' }
const holder: Identity = { kind: 'apikey', key: ak }

describe('an operator', () => {
  test('of old may do everything', () => {
    expect(may(operator, 'read', 'mesh')).toBe('stranger')
    run(addOperator())
    expect(may(operator, 'remove', 'node')).toBe(true)
  })

  test('may do what a role says from when one is given, and nothing when it is taken away again', () => {
    run(addOperator(), bind('eve', 'operator', 'team-a'))
    expect(may(operator, 'create', 'workload', 'team-a')).toBe(true)
    expect(may(operator, 'create', 'workload', 'team-b')).toBe(false)
    expect(may(operator, 'remove', 'node')).toBe(false)
    run(unbind('eve', 'operator', 'team-a'))
    expect(may(operator, 'create', 'workload', 'team-a')).toBe(false)
  })

  test('is the key of the user of that name', () => {
    run({ type: 'create-user', name: 'eve' }, addOperator())
    expect(may(operator, 'read', 'mesh')).toBe(false)
    run(bind('eve', 'viewer'))
    expect(may(operator, 'read', 'mesh')).toBe(true)
  })

  test('leaves no key behind when the user is removed', () => {
    run({ type: 'create-user', name: 'eve' }, addOperator(), newKey(), { type: 'remove-user', name: 'eve' })
    expect([may(operator, 'read', 'mesh'), may(eve, 'read', 'mesh'), may(holder, 'read', 'mesh')]).toEqual(
      Array(3).fill('stranger'),
    )
    run(addOperator('other'))
  })
})

describe('a user', () => {
  test('who is disabled is not let in by any way', () => {
    run({ type: 'create-user', name: 'eve' }, bind('eve', 'admin'), addOperator(), newKey())
    run({ type: 'set-user', name: 'eve', disabled: true })
    for (const identity of [operator, eve, holder]) expect(may(identity, 'read', 'mesh')).toBe('stranger')
    run({ type: 'set-user', name: 'eve', disabled: false })
    for (const identity of [operator, eve, holder]) expect(may(identity, 'remove', 'node')).toBe(true)
  })

  test('cannot be given a role that there is not, nor be made twice', () => {
    run({ type: 'create-user', name: 'eve' })
    expect(refusal(book.run(bind('eve', 'ghost')))).toBe('ROLE_NOT_FOUND')
    expect(refusal(book.run(bind('adam', 'viewer')))).toBe('USER_NOT_FOUND')
    expect(refusal(book.run({ type: 'create-user', name: 'eve' }))).toBe('USER_EXISTS')
    expect(refusal(book.run(unbind('eve', 'viewer')))).toBe('INVALID_REQUEST')
  })

  test('loses with a namespace what was allowed there, so that another of its name gives nothing back', () => {
    const namespace: Command = {
      ...{ type: 'create-namespace', name: 'team-a', weight: 1, borrow: false },
      quota: { gpus: null, cpuMillis: null, memoryMib: null, workloads: null },
    }
    run(namespace, { type: 'create-user', name: 'eve' }, bind('eve', 'operator', 'team-a'), bind('eve', 'viewer'))
    run(newKey({ namespace: 'team-a' }), { type: 'remove-namespace', name: 'team-a' }, namespace)
    expect(may(eve, 'create', 'workload', 'team-a')).toBe(false)
    expect(may(eve, 'read', 'workload', 'team-a')).toBe(true)
    expect(may(holder, 'read', 'workload', 'team-a')).toBe('stranger')
  })
})

describe('a role', () => {
  test('of one’s own counts as it says, and stays while somebody has it', () => {
    run(role, { type: 'create-user', name: 'eve' }, bind('eve', 'debugger'))
    expect([may(eve, 'exec', 'workload', 'x'), may(eve, 'read', 'workload', 'x')]).toEqual([true, false])
    expect(refusal(book.run({ type: 'remove-role', name: 'debugger' }))).toBe('ROLE_IN_USE')
    run(unbind('eve', 'debugger'), { type: 'remove-role', name: 'debugger' })
    expect(refusal(book.run({ type: 'remove-role', name: 'debugger' }))).toBe('ROLE_NOT_FOUND')
  })

  test('that every mesh has can neither be made nor removed', () => {
    expect(refusal(book.run({ type: 'create-role', role: { name: 'admin', about: '', rules: [] } }))).toBe(
      'ROLE_EXISTS',
    )
    expect(refusal(book.run({ type: 'remove-role', name: 'viewer' }))).toBe('INVALID_REQUEST')
  })
})

describe('an API key', () => {
  beforeEach(() => run({ type: 'create-user', name: 'eve' }, bind('eve', 'operator', 'team-a')))

  test('may do no more than its user, and no more than its scopes', () => {
    run(newKey({ scopes: [{ verbs: ['read', 'remove'], resources: ['workload', 'node'], namespaces: ['*'] }] }))
    expect(may(holder, 'read', 'workload', 'team-a')).toBe(true)
    expect(may(holder, 'read', 'workload', 'team-b')).toBe(false)
    expect(may(holder, 'create', 'workload', 'team-a')).toBe(false)
    expect(may(holder, 'remove', 'node')).toBe(false)
    run(unbind('eve', 'operator', 'team-a'))
    expect(may(holder, 'read', 'workload', 'team-a')).toBe(false)
  })

  test('is worth nothing once it is revoked, or its time is up', () => {
    run(newKey({ expiresAt: 5_000 }))
    expect([may(holder, 'read', 'self', null, 4_999), may(holder, 'read', 'self', null, 5_000)]).toEqual([
      true,
      'stranger',
    ])
    run({ type: 'revoke-apikey', id: ak })
    expect(may(holder, 'read', 'self')).toBe('stranger')
    expect(refusal(book.run({ type: 'revoke-apikey', id: ak }))).toBe(null)
  })

  test('has the secret before for a while after a rotation, and never longer than it had', () => {
    run(newKey({ expiresAt: 5_000 }))
    run({ type: 'rotate-apikey', id: ak, hash: 'b'.repeat(64), expiresAt: day, previousUntil: day })
    expect(book.state.apikeys.get(ak)).toMatchObject({
      ...{ hash: 'b'.repeat(64), expiresAt: day, previous: { hash: 'a'.repeat(64), until: 5_000 } },
    })
    run({ type: 'revoke-apikey', id: ak })
    expect(book.state.apikeys.get(ak)?.previous).toBe(null)
    const again: Command = { type: 'rotate-apikey', id: ak, hash: 'c'.repeat(64), expiresAt: day, previousUntil: 0 }
    expect(refusal(book.run(again))).toBe('INVALID_REQUEST')
  })

  test('is forgotten a week after its end, when another is made', () => {
    run(newKey({ expiresAt: 5_000 }))
    const later = newKey({ id: 'ak_bbbbbbbbbbbb', expiresAt: 30 * day })
    expect(refusal(book.run(later, { at: 8 * day }))).toBe(null)
    expect([...book.state.apikeys.keys()]).toEqual(['ak_bbbbbbbbbbbb'])
  })

  test('tells when it was used last, and never of a time to come', () => {
    run(newKey())
    book.run({ type: 'note-apikey-use', id: ak, at: day }, { at: 9_000 })
    expect(book.state.apikeys.get(ak)?.lastUsedAt).toBe(9_000)
    book.run({ type: 'note-apikey-use', id: ak, at: 5_000 }, { at: 9_500 })
    expect(book.state.apikeys.get(ak)?.lastUsedAt).toBe(9_000)
  })
})

describe('a worker', () => {
  beforeEach(() => {
    const invitation = token('t-cyd') as CommandOf<'create-token'>
    run({ ...invitation, token: { ...invitation.token, roles: ['worker'] } }, admit('t-cyd', newMember(cyd)))
    run({ type: 'report-inventory', node: cyd, inventory: inventory(cyd, 1) })
  })

  const through = (identity: Identity, verb: string, resource: string) => {
    const standing = standingOf(book.state, { identity, via: [cyd] }, { at: 2_000, self: ada })
    return isStranger(standing) ? 'stranger' : judge(standing, { verb, resource, namespace: null }).isAllowed
  }

  test('is believed as far as a viewer, whoever it says is asking', () => {
    run(addOperator())
    for (const identity of [{ kind: 'socket' }, { kind: 'token' }, operator] as const) {
      expect(through(identity, 'read', 'workload')).toBe(true)
      expect(through(identity, 'create', 'workload')).toBe(false)
      expect(through(identity, 'read', 'token')).toBe(false)
    }
    const chain = standingOf(book.state, { identity: { kind: 'socket' }, via: [bob, cyd] }, { at: 0, self: ada })
    expect(
      isStranger(chain) || decide(chain.grants, { verb: 'create', resource: 'workload', namespace: null }).isAllowed,
    ).toBe(false)
  })

  test('is remembered apart from the others, also in a snapshot, and forgotten with its membership', () => {
    book.state.version = 2
    const own: Command = { type: 'tell', node: cyd, source: 'cyd', severity: 'info', message: 'hello' }
    for (let i = 0; i < limits.workerResults + 2; i += 1) book.run(own, { id: `own-${i}`, by: cyd, via: cyd })
    const ids = [...(book.state.workerResults.get(cyd)?.keys() ?? [])]
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([limits.workerResults, 'own-2', `own-${limits.workerResults + 1}`])
    expect(ids.some((id) => book.state.results.has(id))).toBe(false)
    const copy = restore(snapshot(book.state))
    expect(copy.workerResults).toEqual(book.state.workerResults)
    expect(snapshot(copy)).toEqual(snapshot(book.state))
    run({ type: 'remove-member', node: cyd, force: true })
    expect(book.state.workerResults.size).toBe(0)
  })

  test('given a mesh of the first version, is remembered with the others, as older builds do it', () => {
    book.run({ type: 'claim', placement: 'wl-a.1' as never, node: cyd }, { id: 'own', by: cyd, via: cyd })
    expect([book.state.results.has('own'), book.state.workerResults.size]).toEqual([true, 0])
  })

  test('has the leader commit what it says of itself, and nothing for others', () => {
    const own: Command = { type: 'claim', placement: 'wl-a.1' as never, node: cyd }
    const label: Command = { type: 'update-member', node: cyd, labels: { gpu: 'best' } }
    const commands: readonly Command[] = [addOperator(), bind('eve', 'admin'), newKey(), role, token('t-x'), label]
    expect(mayForward(own, cyd, true)).toBe(true)
    for (const command of commands) {
      expect(mayForward(command, cyd, true), command.type).toBe(false)
      expect(mayForward(command, cyd, false), command.type).toBe(true)
    }
  })
})

describe('all of it', () => {
  test('comes back from a snapshot as it was', () => {
    run(role, { type: 'create-user', name: 'eve' }, bind('eve', 'debugger', 'team-a'), addOperator(), newKey())
    const state = restore(snapshot(book.state))
    for (const part of ['users', 'roles', 'apikeys', 'operators'] as const)
      expect(state[part]).toEqual(book.state[part])
    expect(snapshot(state)).toEqual(snapshot(book.state))
  })

  test('nobody logs in as two users', () => {
    const login = { issuer: 'https://id.example', subject: '1' }
    run({ type: 'create-user', name: 'eve', login }, { type: 'create-user', name: 'kim' })
    expect(refusal(book.run({ type: 'link-user', name: 'kim', login }))).toBe('INVALID_REQUEST')
    expect(refusal(book.run({ type: 'create-user', name: 'lee', login }))).toBe('INVALID_REQUEST')
    expect(refusal(book.run({ type: 'link-user', name: 'eve', login }))).toBe(null)
    expect(refusal(book.run({ type: 'link-user', name: 'ghost', login }))).toBe('USER_NOT_FOUND')
    expect(restore(snapshot(book.state)).users.get('eve')?.login).toEqual(login)
  })

  test('is bounded', () => {
    const users = limits.users
    for (let i = 0; i < users; i += 1)
      book.state.users.set(`u${i}`, { name: `u${i}`, bindings: [], disabled: false, createdAt: 0 })
    expect(refusal(book.run({ type: 'create-user', name: 'one-more' }))).toBe('RATE_LIMITED')
  })

  test('never gives somebody more by taking something away', () => {
    const names = ['eve', 'adam'] as const
    const name = fc.constantFrom(...names)
    const roles = fc.constantFrom('viewer', 'operator', 'admin', 'debugger')
    const given: fc.Arbitrary<Command> = fc.oneof(
      fc.record({ type: fc.constant('create-user' as const), name }),
      fc.tuple(name, roles).map(([user, one]) => bind(user, one)),
      fc.record({ type: fc.constant('add-operator' as const), key: fc.constant(key), name }),
      fc.constant(role),
      fc.constant(newKey()),
    )
    const taken: fc.Arbitrary<Command> = fc.oneof(
      fc.record({ type: fc.constant('remove-user' as const), name }),
      fc.tuple(name, roles).map(([user, one]) => unbind(user, one)),
      fc.record({ type: fc.constant('set-user' as const), name, disabled: fc.constant(true) }),
      fc.constant<Command>({ type: 'remove-operator', key }),
      fc.constant<Command>({ type: 'remove-role', name: 'debugger' }),
      fc.constant<Command>({ type: 'revoke-apikey', id: ak }),
    )
    const asks = [
      ...(['read', 'create', 'exec'] as const).map((verb) => [verb, 'workload'] as const),
      ...([
        ['remove', 'node'],
        ['read', 'audit'],
      ] as const),
    ]
    const seen = (): readonly boolean[] =>
      [operator, eve, holder, { kind: 'user', user: 'adam' } as const].flatMap((identity) =>
        asks.map(([verb, resource]) => may(identity, verb, resource) === true),
      )
    fc.assert(
      fc.property(fc.array(given, { maxLength: 12 }), fc.array(taken, { maxLength: 6 }), (before, after) => {
        book = meshOf([ada])
        for (const command of before) book.run(command)
        let most = seen()
        for (const command of after) {
          book.run(command)
          const now = seen()
          expect(now.every((allowed, at) => !allowed || most[at])).toBe(true)
          most = now
        }
      }),
    )
  })
})
