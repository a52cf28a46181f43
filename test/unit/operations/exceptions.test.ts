/** What the record says of work that has more than every container, before it is let in. */
import { expect, test } from 'vitest'
import { workloadId } from '../../../src/model/ids.ts'
import { exceptionsIn } from '../../../src/operations/exceptions.ts'
import { ada, spec } from '../../support/control-samples.ts'
import { twoMeshes, withRevisions } from '../../support/privileged-samples.ts'

const { bare, book, ordinary } = twoMeshes()
const submit = (parts: Parameters<typeof spec>[0]) =>
  ({ type: 'submit', workload: workloadId('wl-x'), name: 'train', spec: spec(parts) }) as const
const mounts = [{ source: 'shelf', target: '/shelf' }]

test('ordinary work is no exception', () => {
  expect(exceptionsIn(submit({}), ordinary)).toBeNull()
  expect(exceptionsIn(submit({ mounts }), ordinary)).toBeNull()
  expect(exceptionsIn(submit({ executor: 'docker' }), bare)).toBeNull()
})

test('privileges, paths of a host and plain processes are named', () => {
  const all = { privileges: ['cap-NET_ADMIN'], mounts: [{ source: '/srv/x', target: '/x' }], executor: 'process' }
  expect(exceptionsIn(submit(all), ordinary)).toEqual({
    namespace: 'default',
    object: 'train: cap-NET_ADMIN host-mount process',
  })
})

test('given bare nodes, work that names no executor may be a plain process', () => {
  expect(exceptionsIn(submit({}), bare)).toMatchObject({ object: 'train: process' })
})

test('a volume that is a directory of a host is a path of it', () => {
  const volume = {
    ...({ type: 'hostpath', access: 'RWO', hostPath: '/srv/shelf' } as const),
    ...{ nfs: null, sizeMib: null, node: ada },
  }
  book.run({ type: 'create-volume', namespace: 'default', name: 'shelf', volume })
  expect(exceptionsIn(submit({ mounts }), ordinary)).toMatchObject({ object: 'train: host-mount' })
})

test('going back to a privileged revision lets it in again', () => {
  const back = withRevisions(book)
  expect(exceptionsIn(back, ordinary)).toEqual({ namespace: 'default', object: 'web: privileged' })
  expect(exceptionsIn({ ...back, revision: 1 }, ordinary)).toMatchObject({ object: 'web: privileged' })
  expect(exceptionsIn({ ...back, revision: 2 }, ordinary)).toBeNull()
})
