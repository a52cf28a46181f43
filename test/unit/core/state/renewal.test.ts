import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { atOnce } from '../../../../src/lib/slices.ts'
import { recovered, restored } from '../../../../src/core/state/renewal.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { State } from '../../../../src/core/state/state.ts'
import { meshId, placementId, workloadId } from '../../../../src/model/ids.ts'
import { isTerminal } from '../../../../src/model/workload.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, cyd, meshOf, submit } from '../../../support/control-samples.ts'
import { intent, toCommand } from '../../../support/state-commands.ts'

const renewal = { at: 90_000, by: 'socket', node: ada }
const copy = (state: State): State => restore(snapshot(state))

function place(book: Book, name: string, node = bob, isClaimed = true): void {
  const workload = workloadId(name)
  book.run({ type: 'place', workload, attempt: 1, node, devices: [], executor: 'docker' })
  const placement = placementId(workload, 1)
  if (!isClaimed) return
  book.run({ type: 'claim', placement, node })
  book.run({ type: 'report-running', placement, node, startedAt: 2_000 })
}

/** Another mesh, of cyd alone. */
function otherMesh(): State {
  const { state } = meshOf([cyd])
  const { mesh } = state
  if (mesh === null) throw new Error('there is no mesh')
  state.mesh = { ...mesh, id: meshId('mesh-4567') }
  return state
}

describe('a recovery', () => {
  test('keeps everything, and tells what was done', () => {
    const { state } = meshOf([ada, bob])
    const before = copy(state)
    const after = atOnce(recovered(state, ['bob'], renewal))
    expect(state).toEqual(before)
    expect(after.events.at(-1)).toMatchObject({ type: 'mesh.recovered', node: ada })
    expect(after.events.at(-1)?.message).toContain('bob vote no more')
    expect({ ...after, events: before.events, sequence: before.sequence, at: before.at }).toEqual(before)
  })
})

describe('a restore on another mesh', () => {
  const book = meshOf([ada, bob])
  for (const name of ['wl-waits', 'wl-runs', 'wl-placed', 'wl-ends']) book.run(submit(name))
  book.run(submit('wl-moves', { onPartition: 'stop' }))
  book.run(submit('wl-stops'))
  for (const name of ['wl-runs', 'wl-moves', 'wl-ends', 'wl-stops']) place(book, name)
  place(book, 'wl-placed', bob, false)
  book.run({ type: 'request-stop', workload: workloadId('wl-stops'), force: false })
  book.run({
    type: 'report-ended',
    placement: placementId(workloadId('wl-ends'), 1),
    node: bob,
    endedAt: 3_000,
    exitCode: 0,
    error: null,
  })
  book.run({ type: 'add-operator', key: bob, name: 'alice' })
  const present = otherMesh()
  const after = atOnce(restored(present, book.state, { ...renewal, node: cyd }))
  const workload = (name: string) => after.workloads.get(workloadId(name))

  test('takes over the work, and what lost work was to become', () => {
    expect(workload('wl-ends')).toEqual(book.state.workloads.get(workloadId('wl-ends')))
    expect(workload('wl-waits')).toMatchObject({ state: 'pending' })
    expect(workload('wl-runs')).toMatchObject({ state: 'failed', error: { code: 'WORKLOAD_LOST' } })
    expect(workload('wl-moves')).toMatchObject({
      state: 'pending',
      placement: null,
      history: [{ attempt: 1, node: bob }],
    })
    expect(workload('wl-placed')).toMatchObject({ state: 'pending', placement: null })
    expect(workload('wl-stops')).toMatchObject({ state: 'stopped' })
    expect(after.names.get('wl-moves')).toBe('wl-moves')
    expect(after.names.has('wl-runs')).toBe(false)
  })

  test('keeps who the mesh is and who belongs to it, and takes the keys of people', () => {
    expect(after.mesh?.id).toBe('mesh-4567')
    expect([...after.members.keys()]).toEqual([cyd])
    expect(after.sealedKeys).toEqual(present.sealedKeys)
    expect(after.tokens).toEqual(present.tokens)
    expect([...after.operators.keys()]).toEqual([bob])
    expect(after.events.at(-1)?.type).not.toBe('node.joined')
    expect(after.events.map(({ type }) => type)).toContain('mesh.restored')
  })

  test('is the same on every peer that reads it', () => {
    expect(copy(after)).toEqual(after)
  })
})

describe('a restore on the mesh itself', () => {
  test('brings nobody back who was removed since, neither node nor operator, and forgets no event', () => {
    const book = meshOf([ada, bob])
    book.run({ type: 'add-operator', key: cyd, name: 'alice' })
    const backup = copy(book.state)
    book.run({ type: 'remove-operator', key: cyd })
    book.run({ type: 'remove-member', node: bob, force: true })
    const after = atOnce(restored(book.state, backup, renewal))
    expect([...after.members.keys()]).toEqual([ada])
    expect(after.removed.get(bob)).toBe(book.state.epoch)
    expect(after.epoch).toBe(book.state.epoch)
    expect(after.operators.size).toBe(0)
    expect(after.events.slice(0, book.state.events.length)).toEqual(book.state.events)
  })

  test('leaves work on its node, and no later attempt can have the number of one that was undone', () => {
    const book = meshOf([ada, bob])
    book.run(submit('wl-a'))
    place(book, 'wl-a')
    const backup = copy(book.state)
    book.run({
      type: 'report-ended',
      placement: placementId(workloadId('wl-a'), 1),
      node: bob,
      endedAt: 9_000,
      exitCode: 0,
      error: null,
    })
    book.run(submit('wl-newer'))
    const after = atOnce(restored(book.state, backup, renewal))
    expect(after.workloads.has(workloadId('wl-newer'))).toBe(false)
    const workload = after.workloads.get(workloadId('wl-a'))
    expect(workload).toMatchObject({ state: 'running', placement: { id: 'wl-a.1', node: bob, attempt: 1 } })
    expect(workload?.attempt).toBeGreaterThan(100)
    expect([...(after.residents.get(bob) ?? [])]).toEqual(['wl-a'])
  })
})

test('whatever was before, a restored state is one that any peer can read, time and order never go back, and its work has living nodes', () => {
  const history = fc.array(intent, { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(history, history, fc.boolean(), (then, since, isSame) => {
      const book = meshOf([ada], 3)
      for (const [i, each] of then.entries()) book.run(toCommand(book.state, each, i), { at: each.clock })
      const backup = copy(book.state)
      if (isSame)
        for (const [i, each] of since.entries()) book.run(toCommand(book.state, each, i + 1_000), { at: each.clock })
      const present = isSame ? book.state : otherMesh()
      const after = atOnce(restored(present, backup, renewal))
      expect(copy(after)).toEqual(after)
      expect(after.at).toBeGreaterThanOrEqual(Math.max(present.at, backup.at))
      expect(after.sequence).toBeGreaterThan(Math.max(present.sequence, backup.sequence))
      expect(after.epoch).toBeGreaterThanOrEqual(present.epoch)
      for (const { state, placement } of after.workloads.values())
        if (!isTerminal(state) && placement !== null) expect(after.members.has(placement.node)).toBe(true)
    }),
    { numRuns: 200 },
  )
})
