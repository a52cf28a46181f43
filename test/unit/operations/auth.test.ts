import { beforeEach, describe, expect, test } from 'vitest'
import { keyOfSecret } from '../../../src/core/access/api-key.ts'
import { limits } from '../../../src/core/state/state.ts'
import { callerOf } from '../../../src/operations/caller.ts'
import type { OperationService } from '../../../src/operations/invoke.ts'
import type { Caller } from '../../../src/operations/operation.ts'
import type { InputOf, OutputOf, UnaryName } from '../../../src/operations/registry.ts'
import { invokeOperation } from '../../../src/wire/operation.ts'
import { ada, bob, cyd, submit } from '../../support/control-samples.ts'
import type { OperationsMesh } from '../../support/operations-mesh.ts'
import { admin } from '../../support/operations-mesh.ts'
import { play } from '../../support/play.ts'
import { twoPeers } from '../../support/two-peers.ts'
import { userWith } from '../../support/user-with.ts'

let mesh: OperationsMesh
let service: OperationService
const { signal } = new AbortController()
const key = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'

beforeEach(async () => {
  ;({ mesh, service } = await twoPeers())
})

const ask = <Name extends UnaryName>(
  name: Name,
  input: InputOf<Name>,
  caller: Caller = admin,
): Promise<OutputOf<Name>> =>
  play(mesh.world, service.invoke(name, input, { caller, signal })) as Promise<OutputOf<Name>>

const user = (name: string): Caller => callerOf({ kind: 'user', user: name })
const may = async (caller: Caller, verb: string, resource: string, namespace?: string): Promise<boolean> =>
  (await ask('auth.can', { verb, resource, ...(namespace !== undefined && { namespace }) }, caller)).allowed

describe('a user', () => {
  test('may do nothing, then what a role says, there only, and can find that out', async () => {
    await ask('user.create', { user: 'eve' })
    expect(await may(user('eve'), 'create', 'workload', 'team-a')).toBe(false)
    await ask('user.assign', { user: 'eve', role: 'operator', namespace: 'team-a' })
    expect(await may(user('eve'), 'create', 'workload', 'team-a')).toBe(true)
    expect(await may(user('eve'), 'create', 'workloads', 'team-b')).toBe(false)
    expect(await ask('auth.whoami', {}, user('eve'))).toMatchObject({
      ...{ id: 'user:eve', kind: 'user', user: 'eve', peer: 'ada', limits: [] },
      grants: [{ role: 'operator', namespace: 'team-a' }],
    })
  })

  test('with a key of their own may do by it what they may, and an operator of old everything', async () => {
    const byKey = callerOf({ kind: 'operator', key: key as never })
    await expect(ask('auth.whoami', {}, byKey)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    await ask('operator.add', { name: 'eve', key })
    expect(await may(byKey, 'remove', 'node')).toBe(true)
    expect(await ask('user.list', {})).toMatchObject([{ name: 'eve', roles: [{ role: 'admin' }], keys: [key] }])
    await ask('user.assign', { user: 'eve', role: 'viewer' })
    expect([await may(byKey, 'remove', 'node'), await may(byKey, 'read', 'node')]).toEqual([false, true])
    await ask('user.delete', { user: 'eve' })
    await expect(ask('auth.whoami', {}, byKey)).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  })

  test('can be made from a key and a role at once', async () => {
    await ask('operator.add', { name: 'eve', key, role: 'operator', namespace: 'team-a' })
    expect(await ask('user.info', { user: 'eve' })).toMatchObject({
      ...{ keys: [key], roles: [{ role: 'operator', namespace: 'team-a' }], disabled: false },
    })
  })

  test('who is disabled is not let in, and is as before when enabled, also one who was an operator of old', async () => {
    const byKey = callerOf({ kind: 'operator', key: key as never })
    await ask('operator.add', { name: 'eve', key })
    await ask('user.disable', { user: 'eve' })
    await expect(ask('status', {}, byKey)).rejects.toMatchObject({ code: 'AUTH_FAILED', message: /eve is disabled/ })
    await ask('user.enable', { user: 'eve' })
    expect(await may(byKey, 'remove', 'node')).toBe(true)
  })
})

describe('nobody hands on more than they have', () => {
  const rules = ['change,create:user,role', 'create:operator', 'read,create:workload@team-a', 'create:apikey']
  let eve: Caller

  beforeEach(async () => {
    await ask('role.create', { role: 'people', rules })
    eve = userWith(mesh, 'people')
    await ask('user.create', { user: 'mallory' })
  })

  test.each([
    ['a role', 'user.assign', { user: 'mallory', role: 'admin' }],
    [
      'one’s own role everywhere, where it counts in a namespace only',
      'role.create',
      { role: 'x', rules: ['create:workload'] },
    ],
    ['another role in rules', 'role.create', { role: 'x', rules: ['admin'] }],
    ['a role with a new user', 'user.create', { user: 'x', role: 'viewer' }],
    ['the rights of an operator of old', 'operator.add', { name: 'x', key }],
    ['a key of somebody else', 'apikey.create', { user: 'mallory', scopes: ['admin'] }],
  ] as const)('not %s', async (_, name, input) => {
    await expect(ask(name, input as never, eve)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    expect(await ask('user.info', { user: 'mallory' })).toMatchObject({ roles: [] })
  })

  test('but what they have', async () => {
    await ask('role.create', { role: 'narrow', rules: ['create:workload@team-a'] }, eve)
    await ask('user.assign', { user: 'mallory', role: 'narrow' }, eve)
    expect(await may(user('mallory'), 'create', 'workload', 'team-a')).toBe(true)
  })
})

describe('a role', () => {
  test('is written as rules, and what is no rule is refused with what was probably meant', async () => {
    expect(await ask('role.create', { role: 'x', rules: ['read,exec:workload@team-a', 'auditor'] })).toMatchObject({
      builtIn: false,
      rules: [{ verbs: ['read', 'exec'], resources: ['workload'], namespaces: ['team-a'] }, {}, {}],
    })
    for (const [rule, problem] of [
      ['raed:workload', 'did you mean read?'],
      ['read:wrkload', 'did you mean workload?'],
      ['read:workload@Team', 'no name of a namespace'],
      ['read:', 'is no rule'],
    ] as const)
      await expect(ask('role.create', { role: 'y', rules: [rule] })).rejects.toThrow(problem)
    await expect(ask('role.create', { role: 'y', rules: ['ghost'] })).rejects.toMatchObject({ code: 'ROLE_NOT_FOUND' })
    expect((await ask('role.list', {})).map(({ name }) => name)).toEqual([
      ...['viewer', 'operator', 'admin', 'molt-manager', 'auditor', 'x'],
    ])
  })
})

describe('what another user may', () => {
  const can = (verb: string, as: string, caller?: Caller) =>
    ask('auth.can', { verb, resource: 'workload', namespace: 'team-a', as }, caller)

  test('is said to administrators, as it is said to that user, and to nobody else', async () => {
    const eve = userWith(mesh, 'operator', 'team-a')
    for (const verb of ['create', 'read', 'spend'] as const)
      expect((await can(verb, 'operator-team-a')).allowed).toBe(await may(eve, verb, 'workload', 'team-a'))
    expect(await ask('auth.whoami', { as: 'operator-team-a' })).toEqual(await ask('auth.whoami', {}, eve))
    for (const role of ['operator', 'auditor'] as const)
      await expect(can('read', 'operator-team-a', userWith(mesh, role))).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
      })
    await expect(can('read', 'nobody')).rejects.toMatchObject({ code: 'USER_NOT_FOUND' })
    mesh.apply({ type: 'set-user', name: 'operator-team-a', disabled: true })
    await expect(can('read', 'operator-team-a')).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  })

  test('given an operator who is no user, is everything', async () => {
    await ask('operator.add', { name: 'old', key })
    expect((await can('remove', 'old')).allowed).toBe(true)
  })
})

describe('an API key', () => {
  const bearer = (secret: string): Caller => {
    const found = keyOfSecret(mesh.book.state, secret, mesh.world.now())
    return callerOf({ kind: 'apikey', key: found?.id ?? 'none' })
  }

  test('of the socket may do what its scopes say and no more, and its secret is kept nowhere', async () => {
    const { id, secret, expiresAt } = await ask('apikey.create', {
      scopes: ['read:workload', 'create:workload'],
      namespace: 'team-a',
    })
    expect(Date.parse(expiresAt) - mesh.world.now()).toBeGreaterThan(89 * 86_400_000)
    expect(JSON.stringify(mesh.commands)).not.toContain(secret)
    expect(await may(bearer(secret), 'create', 'workload', 'team-a')).toBe(true)
    expect(await may(bearer(secret), 'create', 'workload', 'team-b')).toBe(false)
    expect(await ask('auth.whoami', {}, bearer(secret))).toMatchObject({ id: `apikey:${id}`, limits: [[{ role: id }]] })
  })

  test('of a user never does more than the user, and is theirs alone to see and to revoke', async () => {
    const [eve, mallory] = [userWith(mesh, 'operator', 'team-a'), userWith(mesh, 'operator', 'team-b')]
    const { id, secret } = await ask('apikey.create', { namespace: 'team-a' }, eve)
    await expect(ask('apikey.create', {}, eve)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    expect(await may(bearer(secret), 'create', 'workload', 'team-a')).toBe(true)
    expect(await may(bearer(secret), 'remove', 'node')).toBe(false)
    expect(await ask('apikey.list', {}, mallory)).toEqual([])
    await expect(ask('apikey.revoke', { key: id }, mallory)).rejects.toMatchObject({ code: 'APIKEY_NOT_FOUND' })
    await ask('apikey.revoke', { key: id }, eve)
    expect(await ask('apikey.list', {}, eve)).toMatchObject([{ id, state: 'revoked' }])
    await expect(ask('status', {}, bearer(secret))).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      message: /was revoked/,
    })
  })

  test('cannot make keys, nor prolong itself', async () => {
    const { id, secret } = await ask('apikey.create', { scopes: ['admin'] })
    await expect(ask('apikey.create', {}, bearer(secret))).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(ask('apikey.rotate', { key: id }, bearer(secret))).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })

  test.each([
    ['operator.add', { key, name: 'x' }],
    ['operator.add', { key, name: 'x', role: 'viewer' }],
    ['user.create', { user: 'x', key }],
    ['user.create', { user: 'x', issuer: 'https://id.example', subject: '1' }],
    ['user.link', { user: 'mallory', issuer: 'https://id.example', subject: '1' }],
    ['mesh.restore', { upload: 'upload-1' }],
  ] as const)('makes no credentials, whatever its scopes are: not by %s %o', async (name, input) => {
    const { secret } = await ask('apikey.create', { scopes: ['admin', '*:user', '*:operator'] })
    await expect(ask(name, input as never, bearer(secret))).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    expect(mesh.book.state.operators.size).toBe(0)
  })

  test.each([
    ['user.create', { user: 'x', role: 'viewer' }, 'create:user'],
    ['user.assign', { user: 'mallory', role: 'viewer' }, 'change:user'],
    ['user.enable', { user: 'mallory' }, 'change:user'],
    ['token.create', {}, 'create:token'],
  ] as const)('gives rights that stay only where its scopes say so: %s %o', async (name, input, scope) => {
    userWith(mesh, 'viewer')
    mesh.apply({ type: 'create-user', name: 'mallory' })
    const broad = await ask('apikey.create', { scopes: ['admin'] })
    await expect(ask(name, input as never, bearer(broad.secret))).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining(scope) as string,
    })
    const named = await ask('apikey.create', { scopes: ['admin', scope] })
    await expect(ask(name, input as never, bearer(named.secret))).resolves.toBeTruthy()
  })

  test('makes no token that outlives it, nor one for a node that is worth more than it', async () => {
    const { secret, expiresAt } = await ask('apikey.create', {
      scopes: ['viewer', 'create:token'],
      expires: '10m',
    })
    const worker = await ask('token.create', { roles: ['worker'], ttl: '1h' }, bearer(secret))
    expect(worker.expiresAt).toBe(expiresAt)
    await expect(ask('token.create', {}, bearer(secret))).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })

  test('given a user has as many as there may be, another takes the place of one that has ended, and no other user’s', async () => {
    const [eve, mallory] = [userWith(mesh, 'operator', 'team-a'), userWith(mesh, 'operator', 'team-b')]
    const ids: string[] = []
    for (let i = 0; i < limits.apikeysPerUser; i += 1)
      ids.push((await ask('apikey.create', { namespace: 'team-a' }, eve)).id)
    await expect(ask('apikey.create', { namespace: 'team-a' }, eve)).rejects.toMatchObject({ code: 'APIKEYS_FULL' })
    await ask('apikey.create', { namespace: 'team-b' }, mallory)
    await ask('apikey.revoke', { key: ids[7] ?? '' }, eve)
    await ask('apikey.create', { namespace: 'team-a' }, eve)
    expect(mesh.book.state.apikeys.has(ids[7] ?? '')).toBe(false)
    expect(mesh.book.state.apikeys.size).toBe(limits.apikeysPerUser + 1)
  })

  test('lives 90 days at most, and with another secret the one before goes on for as long as was said', async () => {
    await expect(ask('apikey.create', { expires: '91d' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const first = await ask('apikey.create', { expires: '1h' })
    const second = await ask('apikey.rotate', { key: first.id, grace: '10m' })
    const ids = () => [first, second].map(({ secret }) => keyOfSecret(mesh.book.state, secret, mesh.world.now())?.id)
    expect(ids()).toEqual([first.id, first.id])
    await mesh.world.runFor(11 * 60_000)
    expect(ids()).toEqual([undefined, first.id])
    await mesh.world.runFor(60 * 60_000)
    await expect(ask('status', {}, bearer(second.secret))).rejects.toThrow(/has expired/)
  })

  test('tells when it was used, without a command for every request', async () => {
    const { id } = await ask('apikey.create', {})
    for (let i = 0; i < 5; i += 1) service.noteUse(id)
    service.noteUse('ak_unknown')
    await mesh.world.runFor(1_000)
    expect(mesh.commands.filter(({ type }) => type === 'note-apikey-use')).toHaveLength(1)
    expect((await ask('apikey.list', {}))[0]?.lastUsedAt).not.toBe(null)
  })
})

describe('the word of another member', () => {
  const forwarded = (from: typeof ada, caller: string, name = 'token.create') => {
    const wire = { name, input: '{}', caller, role: 'admin', request: '' }
    return play(mesh.world, mesh.network.host(from).rpc.call(ada, invokeOperation, wire, signal))
  }

  test('of whom else it was told goes along, and makes it worth no more', async () => {
    const worker = mesh.book.state.members.get(bob)
    if (worker !== undefined) mesh.book.state.members.set(cyd, { ...worker, id: cyd, name: 'cyd', roles: ['worker'] })
    await expect(forwarded(bob, 'socket')).resolves.toBeTruthy()
    await expect(forwarded(bob, 'socket via cyd')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(forwarded(bob, 'socket via cyd', 'status')).resolves.toBeTruthy()
    await expect(forwarded(bob, 'socket via a via b via c via d')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

test('a refusal says what it takes, which role has it, and what one has', async () => {
  mesh.apply(submit('wl-a', { namespace: 'default' }, 'job'))
  await expect(ask('workload.stop', { workload: 'job' }, userWith(mesh, 'viewer', 'default'))).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    message:
      'You may not stop a workload: it takes stop:workload, which the role operator has; viewer-default has viewer in default.',
  })
})
