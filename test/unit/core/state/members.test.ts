import { describe, expect, test } from 'vitest'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import {
  ada,
  admit,
  bob,
  Book,
  cyd,
  found,
  meshOf,
  newMember,
  refusal,
  submit,
  token,
} from '../../../support/control-samples.ts'

describe('founding', () => {
  test('a state without a mesh refuses everything but its founding', () => {
    const book = new Book()
    expect(refusal(book.run(submit('wl-a')))).toBe('INVALID_REQUEST')
    expect(book.run(found()).outcome).toEqual({ ok: true, value: { node: ada, epoch: 1 } })
    expect(refusal(book.run(found()))).toBe('ALREADY_MEMBER')
  })

  test('the founder must be the one whom the genesis record names', () => {
    const command = { ...found(ada), founder: newMember(bob) }
    expect(refusal(new Book().run(command as never))).toBe('INVALID_REQUEST')
  })
})

describe('admission', () => {
  test.each([
    ['an unknown token', 'nope', 'hash-nope', 'the mesh does not know it'],
    ['a wrong secret', 't', 'hash-other', 'its secret is wrong'],
  ])('%s lets nobody in', (_, tokenId, secretHash, reason) => {
    const book = meshOf([ada])
    book.run(token('t'))
    const { outcome } = book.run({ type: 'admit', tokenId, secretHash, member: newMember(bob) })
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'TOKEN_INVALID', facts: { reason } } })
    expect(book.state.members.has(bob)).toBe(false)
  })

  test('a token serves until its last moment and not longer', () => {
    const book = meshOf([ada])
    book.run(token('t', 5_000))
    book.run(token('u', 5_000))
    expect(refusal(book.run(admit('t', newMember(bob)), { at: 5_000 }))).toBe(null)
    expect(refusal(book.run(admit('u', newMember(cyd)), { at: 5_001 }))).toBe('TOKEN_INVALID')
  })

  test('a clock that is set back does not revive a token', () => {
    const book = meshOf([ada])
    book.run(token('t', 5_000))
    book.run(submit('wl-a'), { at: 9_000 })
    expect(refusal(book.run(admit('t', newMember(bob)), { at: 100 }))).toBe('TOKEN_INVALID')
    expect(book.state.at).toBe(9_000)
  })

  test('a used token serves its node again, but no other node', () => {
    const book = meshOf([ada])
    book.run(token('t'))
    const first = book.run(admit('t', newMember(bob)))
    expect(book.run(admit('t', newMember(bob))).outcome).toEqual(first.outcome)
    expect(refusal(book.run(admit('t', newMember(cyd))))).toBe('TOKEN_INVALID')
  })

  test('a removed node cannot come back with the token it used, but with a new one, at a later epoch', () => {
    const book = meshOf([ada])
    book.run(token('t'))
    book.run(admit('t', newMember(bob)))
    book.run({ type: 'remove-member', node: bob, force: false })
    expect(book.state.removed.get(bob)).toBe(3)
    expect(refusal(book.run(admit('t', newMember(bob))))).toBe('TOKEN_INVALID')

    book.run(token('u'))
    expect(book.run(admit('u', newMember(bob))).outcome).toEqual({ ok: true, value: { node: bob, epoch: 4 } })
    expect(book.state.removed.has(bob)).toBe(false)
  })

  test('hosts of one name get numbers', () => {
    const book = meshOf([ada])
    for (const [i, id] of [bob, cyd].entries()) {
      book.run(token(`t${i}`))
      book.run(admit(`t${i}`, newMember(id, { name: 'ada' })))
    }
    expect(Array.from(book.state.members.values(), ({ name }) => name)).toEqual(['ada', 'ada-2', 'ada-3'])
  })

  test('the token decides the roles and has the last word on labels', () => {
    const book = meshOf([ada])
    const { token: plain } = token('t') as Extract<ReturnType<typeof token>, { type: 'create-token' }>
    book.run({ type: 'create-token', token: { ...plain, roles: ['worker'], labels: { zone: 'a' } } })
    book.run(admit('t', newMember(bob, { roles: ['admin'], labels: { zone: 'b', rack: '4' } })))
    expect(book.state.members.get(bob)).toMatchObject({ roles: ['worker'], labels: { zone: 'a', rack: '4' } })
  })

  test('a node has no more labels than it may have, wherever they come from, and its token stays good', () => {
    const labels = (prefix: string, n: number) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`${prefix}${i}`, '']))
    const book = meshOf([ada])
    const { token: plain } = token('t') as Extract<ReturnType<typeof token>, { type: 'create-token' }>
    book.run({ type: 'create-token', token: { ...plain, labels: labels('token', 40) } })
    expect(refusal(book.run(admit('t', newMember(bob, { labels: labels('own', 25) }))))).toBe('INVALID_REQUEST')
    expect(refusal(book.run(admit('t', newMember(bob, { labels: labels('own', 24) }))))).toBe(null)
  })

  test('tokens that have run out are forgotten when the next one is made', () => {
    const book = meshOf([ada])
    book.run(token('t', 2_000))
    book.run(token('u', 90_000), { at: 2_001 })
    expect([...book.state.tokens.keys()]).toEqual(['u'])
  })
})

describe('removal', () => {
  const running = (): Book => {
    const book = meshOf([ada, bob])
    const id = workloadId('wl-a')
    book.run(submit('wl-a', { gpus: { count: 1 } }))
    book.run({ type: 'place', workload: id, attempt: 1, node: bob, devices: ['GPU-bob-0'], executor: 'docker' })
    book.run({ type: 'claim', placement: placementId(id, 1), node: bob })
    return book
  }

  test('a node with claimed work stays unless it is forced out', () => {
    const book = running()
    const { outcome } = book.run({ type: 'remove-member', node: bob, force: false })
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'MEMBER_BUSY', facts: { node: 'bob', workloads: 1 } } })
  })

  test('forced out, its work has failed as lost and its devices are free', () => {
    const book = running()
    book.run({ type: 'remove-member', node: bob, force: true })
    expect(book.state.workloads.get(workloadId('wl-a'))).toMatchObject({
      state: 'failed',
      error: { code: 'WORKLOAD_LOST', message: 'The workload is gone: its node bob was removed.' },
    })
    expect(book.state.holders.size).toBe(0)
    expect(book.state.usage.size).toBe(0)
  })

  test('work that the node had not claimed goes back to the queue', () => {
    const book = meshOf([ada, bob])
    book.run(submit('wl-a'))
    const id = workloadId('wl-a')
    book.run({ type: 'place', workload: id, attempt: 1, node: bob, devices: [], executor: 'docker' })
    expect(refusal(book.run({ type: 'remove-member', node: bob, force: false }))).toBe(null)
    expect(book.state.workloads.get(id)).toMatchObject({ state: 'pending', attempt: 1, placement: null })
    expect(refusal(book.run({ type: 'claim', placement: placementId(id, 1), node: bob }))).toBe('PLACEMENT_SUPERSEDED')
  })

  test('the last node of a mesh cannot be removed', () => {
    expect(refusal(meshOf([ada]).run({ type: 'remove-member', node: ada, force: true }))).toBe('INVALID_REQUEST')
  })

  test('its sealed key and its liveness go with it', () => {
    const book = meshOf([ada, bob])
    book.run({ type: 'seal-mesh-key', node: bob, sealedKey: 'eA==' })
    book.run({ type: 'record-liveness', node: bob, liveness: 'lost' })
    book.run({ type: 'remove-member', node: bob, force: false })
    expect(book.state.sealedKeys.has(bob)).toBe(false)
    expect(book.state.liveness.has(bob)).toBe(false)
  })
})

describe('what is told of nodes', () => {
  test('an inventory is told in families, liveness only when it is news', () => {
    const book = meshOf([ada, bob], 2)
    expect(book.state.events.at(-1)).toMatchObject({ type: 'node.inventory', node: bob, message: 'bob has 2 × H100' })
    for (const liveness of ['alive', 'lost', 'lost', 'alive'] as const)
      book.run({ type: 'record-liveness', node: bob, liveness })
    expect(book.state.events.slice(-2).map(({ type }) => type)).toEqual(['node.lost', 'node.alive'])
  })

  test('commands about nodes that are no members are refused', () => {
    const book = meshOf([ada])
    const results = [
      book.run({ type: 'record-liveness', node: bob, liveness: 'lost' }),
      book.run({ type: 'seal-mesh-key', node: bob, sealedKey: 'eA==' }),
      book.run({ type: 'update-member', node: bob, addresses: [] }),
      book.run({ type: 'remove-member', node: bob, force: true }),
    ]
    expect(results.map(refusal)).toEqual(['NODE_NOT_FOUND', 'NODE_NOT_FOUND', 'NODE_NOT_FOUND', 'NODE_NOT_FOUND'])
  })

  test('two changes of labels both count, whoever read them first', () => {
    const book = meshOf([ada])
    book.run({ type: 'update-member', node: ada, labels: { zone: 'a', rack: 'b1' } })
    book.run({ type: 'update-member', node: ada, labelPatch: { rack: null } })
    book.run({ type: 'update-member', node: ada, labelPatch: { disk: 'ssd', none: null } })
    expect(book.state.members.get(ada)?.labels).toEqual({ zone: 'a', disk: 'ssd' })
    const many = Object.fromEntries(Array.from({ length: 63 }, (_, i) => [`l${i}`, '']))
    expect(refusal(book.run({ type: 'update-member', node: ada, labelPatch: many }))).toBe('INVALID_REQUEST')
    expect(book.state.members.get(ada)?.labels).toEqual({ zone: 'a', disk: 'ssd' })
  })

  test('an update changes only what it carries', () => {
    const book = meshOf([ada])
    book.run({ type: 'update-member', node: ada, labels: { zone: 'a' } })
    book.run({ type: 'update-member', node: ada, addresses: ['/ip4/10.0.0.9/tcp/1'] })
    expect(book.state.members.get(ada)).toMatchObject({ labels: { zone: 'a' }, addresses: ['/ip4/10.0.0.9/tcp/1'] })
  })
})

test('operators come and go, and keep the moment they came', () => {
  const book = meshOf([ada])
  book.run({ type: 'add-operator', key: cyd, name: 'cyd' }, { at: 5_000 })
  book.run({ type: 'add-operator', key: cyd, name: 'Cyd' }, { at: 6_000 })
  expect(book.state.operators.get(cyd)).toEqual({ key: cyd, name: 'Cyd', addedAt: 5_000 })
  book.run({ type: 'remove-operator', key: cyd })
  expect(book.state.operators.size).toBe(0)
  expect(refusal(book.run({ type: 'remove-operator', key: cyd }))).toBe(null)
})
