import { describe, expect, test } from 'vitest'
import { mayForward } from '../../../../src/core/state/authority.ts'
import { decodeEntry, encodeEntry } from '../../../../src/core/state/entry.ts'
import { restore } from '../../../../src/core/state/restore.ts'
import { snapshot } from '../../../../src/core/state/snapshot.ts'
import type { CommandOf } from '../../../../src/core/state/types.ts'
import { versionNeeded } from '../../../../src/core/state/versions.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import type { Workload } from '../../../../src/model/workload.ts'
import { isReady } from '../../../../src/model/workload.ts'
import type { Book } from '../../../support/control-samples.ts'
import { ada, bob, meshOf, refusal, submit } from '../../../support/control-samples.ts'

const id = workloadId('wl-a')
const placement = placementId(id, 1)
const tcp = { check: { type: 'tcp', port: 80 } }

const says = (
  ready: boolean,
  at: number,
  parts: Partial<CommandOf<'report-health'>> = {},
): CommandOf<'report-health'> => ({
  ...{ type: 'report-health', placement, node: bob, ready, at },
  reason: ready ? null : 'readiness: refused',
  ...parts,
})

function running(spec: object = { health: { readiness: tcp } }): Book {
  const book = meshOf([ada, bob])
  book.run(submit('wl-a', { ...spec, restart: { policy: 'always', backoffMs: 0 } }))
  book.run({ type: 'place', workload: id, attempt: 1, node: bob, devices: [], executor: 'docker' })
  book.run({ type: 'claim', placement, node: bob })
  book.run({ type: 'report-running', placement, node: bob, startedAt: 5_000 })
  return book
}

function workload({ state }: Book): Workload {
  const found = state.workloads.get(id)
  if (found === undefined) throw new Error('the workload is gone')
  return found
}

describe('what runs', () => {
  test('is ready at once when it is asked nothing', () => {
    expect(isReady(workload(running({})))).toBe(true)
    expect(isReady(workload(running({ health: { liveness: tcp } })))).toBe(true)
  })

  test.each(['startup', 'readiness'])('is not ready before its %s probe says so', (kind) => {
    const book = running({ health: { [kind]: tcp } })
    expect(isReady(workload(book))).toBe(false)
    book.run(says(true, 6_000))
    expect(isReady(workload(book))).toBe(true)
    book.run(says(false, 7_000))
    expect(isReady(workload(book))).toBe(false)
    expect(workload(book)).toMatchObject({ ready: false, unreadyReason: 'readiness: refused', readySince: 7_000 })
  })

  test('is not ready any more once it is to stop', () => {
    const book = running()
    book.run(says(true, 6_000))
    book.run({ type: 'request-stop', workload: id, force: false })
    expect(isReady(workload(book))).toBe(false)
  })
})

describe('a report', () => {
  test('that comes late changes nothing', () => {
    const book = running()
    book.run(says(true, 8_000))
    expect(refusal(book.run(says(false, 7_000)))).toBeNull()
    expect(workload(book)).toMatchObject({ ready: true, readySince: 8_000 })
    expect(workload(book).unreadyReason).toBeUndefined()
  })

  test('is its own node’s to make, of the placement that is current', () => {
    const book = running()
    expect(refusal(book.run(says(true, 6_000, { node: ada })))).toBe('PLACEMENT_SUPERSEDED')
    expect(refusal(book.run(says(true, 6_000, { placement: placementId(id, 2) })))).toBe('PLACEMENT_SUPERSEDED')
    expect(isReady(workload(book))).toBe(false)
    expect(mayForward(says(true, 1), bob)).toBe(true)
    expect(mayForward(says(true, 1), ada)).toBe(false)
  })

  test('speaks of one attempt: the next begins without', () => {
    const book = running()
    book.run(says(true, 6_000))
    const error = { code: 'UNHEALTHY', message: 'liveness: refused' } as const
    book.run({ type: 'report-ended', placement, node: bob, endedAt: 9_000, exitCode: null, error })
    expect(workload(book)).toMatchObject({ state: 'pending', retries: 1 })
    expect(Object.keys(workload(book))).not.toContain('ready')
    expect(Object.keys(workload(book))).not.toContain('readySince')
  })

  test('makes news only when the answer changes, and is kept in snapshots', () => {
    const book = running()
    for (const [ready, at] of [[false, 6_000], [false, 6_500], [true, 7_000], [true, 8_000], [false, 9_000]] as const)
      book.run(says(ready, at)) // prettier-ignore
    expect(book.state.events.map(({ type }) => type).filter((type) => /ready/.test(type))).toEqual([
      'workload.unready',
      'workload.ready',
      'workload.unready',
    ])
    expect(restore(snapshot(book.state)).workloads).toEqual(book.state.workloads)
  })

  test('goes over the wire as it is, and only in a mesh of the second version', () => {
    const entry = { id: 'x', at: 1, by: bob, via: bob, command: says(false, 7.5) }
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry)
    expect(versionNeeded(entry.command)).toBe(2)
    expect(versionNeeded(submit('wl-a', { ports: [{ port: 80 }] }))).toBe(2)
    expect(versionNeeded(submit('wl-a', { health: { liveness: tcp } }))).toBe(2)
  })
})
