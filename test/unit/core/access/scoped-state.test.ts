import { expect, test } from 'vitest'
import { scopedState } from '../../../../src/core/access/scoped-state.ts'
import type { Command } from '../../../../src/core/state/types.ts'
import { workloadId } from '../../../../src/model/ids.ts'
import { ada, bob, meshOf, submit } from '../../../support/control-samples.ts'

const sight = { sees: (namespace: string) => namespace === 'team-a', seesMesh: () => false }
const namespace = (name: string): Command => ({
  type: 'create-namespace',
  ...{ name, weight: 1, borrow: false },
  quota: { gpus: null, cpuMillis: null, memoryMib: null, workloads: null },
})

test('what somebody may not see is in no list, under no name and in no event, also when it comes later', () => {
  const book = meshOf([ada, bob])
  for (const name of ['team-a', 'team-b']) book.run(namespace(name))
  const seen = scopedState(book.state, sight)
  book.run(submit('wl-a', { namespace: 'team-a' }, 'mine'))
  book.run(submit('wl-b', { namespace: 'team-b' }, 'hidden'))
  expect([...seen.workloads.keys()]).toEqual(['wl-a'])
  expect([seen.workloads.size, seen.names.has('hidden'), seen.names.get('mine')]).toEqual([1, false, 'wl-a'])
  expect(seen.workloads.get(workloadId('wl-b'))).toBe(undefined)
  expect([...seen.pending]).toEqual(['wl-a'])
  expect(JSON.stringify(seen.events)).not.toMatch(/hidden|wl-b|team-b/)
})

test('whatever of the state is replaced, and not changed in place, is seen as it is now', () => {
  const book = meshOf([ada])
  const seen = scopedState(book.state, sight)
  const isPlain = (value: unknown): boolean => !(value instanceof Map || value instanceof Set || Array.isArray(value))
  const { state } = book as unknown as { readonly state: Record<string, unknown> }
  const shown = seen as unknown as Record<string, unknown>
  for (const key of Object.keys(state).filter((one) => isPlain(state[one]))) {
    state[key] = 'another'
    expect(shown[key], key).toBe('another')
  }
})
