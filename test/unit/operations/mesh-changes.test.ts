/** One account of what becomes of the mesh, however many watch it. */
import { beforeEach, expect, test } from 'vitest'
import { type MeshChange, Sight } from '../../../src/operations/mesh/mesh-changes.ts'
import { ada, submit } from '../../support/control-samples.ts'
import { OperationsMesh } from '../../support/operations-mesh.ts'

let mesh: OperationsMesh
let listeners: number
const overs: AbortController[] = []

beforeEach(() => {
  mesh = new OperationsMesh()
  listeners = 0
})

function sight(most?: number): Sight {
  const { control, membership, clock } = mesh.context(ada)
  const counted =
    <Listener>(onChange: (listener: Listener) => () => void) =>
    (listener: Listener) => {
      const stop = onChange(listener)
      listeners += 1
      return () => {
        listeners -= 1
        stop()
      }
    }
  const watched = {
    control: { ...control, onChange: counted(control.onChange) },
    membership: { ...membership, onChange: counted(membership.onChange) },
  }
  return new Sight({ ...watched, clock }, most)
}

/** Begins at once. */
function watch(from: Sight): { readonly next: () => Promise<unknown>; readonly leave: () => Promise<void> } {
  const over = new AbortController()
  overs.push(over)
  const changes = from.follow(over.signal)
  let pending: Promise<IteratorResult<MeshChange>> | null = changes.next()
  pending.catch(() => 'told to whoever asks for the next')
  const next = async (): Promise<unknown> => {
    const { value, done } = await (pending ?? changes.next())
    pending = null
    return done === true ? 'over' : value.data.name
  }
  const leave = async (): Promise<void> => {
    over.abort()
    while ((await next()) !== 'over');
  }
  return { next, leave }
}

const change = (name: string): unknown => mesh.apply(submit(`wl-${name}`, {}, name))

test('given some who come one after the other, each is told what changes from then on, and the mesh is looked at once', async () => {
  const shared = sight()
  const early = watch(shared)
  change('one')
  const late = watch(shared)
  change('two')
  expect([await early.next(), await early.next()]).toEqual(['one', 'two'])
  expect(await late.next()).toBe('two')
  expect([shared.watchers, listeners]).toEqual([2, 2])
})

test('given that all have left, the mesh is not looked at any more; who comes then begins anew', async () => {
  const shared = sight()
  const first = watch(shared)
  change('one')
  await first.leave()
  expect([shared.watchers, listeners]).toEqual([0, 0])
  change('two')
  const second = watch(shared)
  change('three')
  expect(await second.next()).toBe('three')
  await second.leave()
})

test('given one who does not read what changes, it is told so in the end, and the others miss nothing', async () => {
  const shared = sight(10)
  const [slow, quick] = [watch(shared), watch(shared)]
  for (let count = 0; count < 50; count += 1) {
    change(`job-${count}`)
    expect(await quick.next()).toBe(`job-${count}`)
  }
  expect(await slow.next()).toBe('job-0')
  await expect(slow.next()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  expect(shared.watchers).toBe(1)
})
