import { beforeEach, describe, expect, test } from 'vitest'
import type { Change } from '../../../../src/core/state/types.ts'
import { ClawError } from '../../../../src/model/failure.ts'
import { workloadId } from '../../../../src/model/ids.ts'
import type { NameDesk, NameServerOptions } from '../../../../src/ports/name-server.ts'
import { NamingService, type NamingSetup } from '../../../../src/services/naming/service.ts'
import { World } from '../../../../src/simulation/world.ts'
import { ada, type Book, bob, meshOf, spec, submit } from '../../../support/control-samples.ts'
import { startOn } from '../../../support/deployment-samples.ts'
import { silent } from '../../../../src/ports/log.ts'
import { enableOverlay, joinOverlay } from '../../../support/overlay-samples.ts'

const setup: NamingSetup = { serves: true, listen: ['127.0.0.1:5353'], upstreams: [], forwards: true }

let book: Book
let world: World
let opened: Map<string, { readonly options: NameServerOptions; readonly desk: NameDesk }>
let refuses: (address: string) => Error | null
let listeners: Set<(changes: readonly Change[]) => void>
beforeEach(() => {
  book = meshOf([ada, bob])
  world = new World(1)
  opened = new Map()
  refuses = () => null
  listeners = new Set()
})

const apply = (command: Parameters<Book['run']>[0]): void => {
  const { changes } = book.run(command)
  for (const listener of listeners) listener(changes)
}

async function serve(parts: Partial<NamingSetup> = {}): Promise<NamingService> {
  const service = new NamingService(
    {
      ...{ self: ada, clock: world, log: silent, innerRanges: () => ['172.17.0.0/16'] },
      hostAddresses: () => ['127.0.0.1', '192.0.2.7', 'fd00::7'],
      control: {
        state: book.state,
        onChange: (listener) => {
          listeners.add(listener)
          return () => listeners.delete(listener)
        },
      },
      servers: {
        upstreams: () => Promise.resolve(['192.0.2.53', '127.0.0.53', '10.100.0.1', '10.100.0.2']),
        open: (options, desk) => {
          const problem = refuses(options.address)
          if (problem !== null) return Promise.reject(problem)
          const place = `${options.address}:${options.port}`
          opened.set(place, { options, desk })
          return Promise.resolve({
            port: options.port,
            close: () => {
              opened.delete(place)
              return Promise.resolve()
            },
          })
        },
      },
    },
    { ...setup, ...parts },
  )
  await service.start()
  await world.runFor(1_000)
  return service
}

const deskAt = (place: string): NameDesk => {
  const found = opened.get(place)
  if (found === undefined) throw new Error(`nothing listens at ${place}`)
  return found.desk
}

const withOverlay = (): void => {
  apply(enableOverlay())
  apply(joinOverlay(ada))
}

describe('where it answers', () => {
  test('is where it was told, and at its address in the overlay for as long as there is one', async () => {
    const service = await serve()
    expect([...opened.keys()]).toEqual(['127.0.0.1:5353'])
    withOverlay()
    await world.runFor(1_000)
    expect([...opened.keys()]).toEqual(['127.0.0.1:5353', '10.100.0.1:53'])
    apply({ type: 'disable-overlay' })
    await world.runFor(1_000)
    expect([...opened.keys()]).toEqual(['127.0.0.1:5353'])
    await service.stop()
    expect(opened.size).toBe(0)
  })

  test('is nowhere where the owner of the host does not want it', async () => {
    withOverlay()
    await serve({ serves: false })
    expect(opened.size).toBe(0)
  })

  test('waits for the interface, and tells of what stands in the way', async () => {
    withOverlay()
    const missing = Object.assign(new Error('no such address'), { code: 'EADDRNOTAVAIL' })
    refuses = (address) =>
      address === '10.100.0.1' ? missing : new ClawError('ADDRESS_IN_USE', { address: '127.0.0.1:5353' })
    const service = await serve()
    expect(service.problems()).toEqual(['names: something else listens at 127.0.0.1:5353'])
    refuses = () => null
    await world.runFor(11_000)
    expect(service.problems()).toEqual([])
    expect(opened.size).toBe(2)
  })
})

test('other names are asked of nobody who would ask back, also of those that came to be such only later', async () => {
  const service = await serve()
  const { upstreams } = deskAt('127.0.0.1:5353')
  expect(upstreams()).toEqual(['192.0.2.53', '127.0.0.53', '10.100.0.1', '10.100.0.2'])
  withOverlay()
  await world.runFor(1_000)
  expect(upstreams()).toEqual(['192.0.2.53', '127.0.0.53'])
  await service.stop()
})

describe('who is answered', () => {
  test('is this host, its containers, and the overlay: nobody else', async () => {
    const service = await serve()
    const { admits } = deskAt('127.0.0.1:5353')
    for (const source of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '172.17.0.9']) expect(admits(source)).toBe(true)
    for (const source of ['10.100.0.2', '192.0.2.1', '172.18.0.2', 'fd00::1', '']) expect(admits(source)).toBe(false)
    withOverlay()
    for (const source of ['10.100.0.2', '10.200.7.9']) expect(admits(source)).toBe(true)
    await service.stop()
  })

  test('each as often as is decent, whatever others do', async () => {
    const service = await serve()
    const { admits } = deskAt('127.0.0.1:5353')
    const asked = Array.from({ length: 1_000 }, () => admits('172.17.0.9')).filter(Boolean)
    expect(asked).toHaveLength(400)
    expect(admits('172.17.0.8')).toBe(true)
    await world.runFor(1_000)
    expect(admits('172.17.0.9')).toBe(true)
    await service.stop()
  })
})

test('an answer follows what the mesh decides', async () => {
  withOverlay()
  const service = await serve()
  const ask = () => service.answer({ name: 'a.default.claw', type: 'A' })
  expect(ask()).toEqual({ kind: 'missing' })
  apply(submit('a', { network: 'host' }))
  expect(ask()).toEqual({ kind: 'found', records: [], extra: [] })
  startOn(book, workloadId('a'), ada)
  for (const listener of listeners) listener([{ type: 'workload', workload: workloadId('a') }])
  expect(ask()).toMatchObject({ records: [{ address: '10.100.0.1' }] })
  await service.stop()
})

test('only what changed is looked at again, however much work there is', async () => {
  for (let i = 0; i < 300; i += 1) apply(submit(`w${i}`))
  const service = await serve()
  expect(service.answer({ name: 'w7.default.claw', type: 'A' })).toMatchObject({ kind: 'found' })
  let looks = 0
  const { get, values, entries } = Map.prototype
  const { workloads } = book.state
  Object.assign(workloads, {
    get: (id: never) => ((looks += 1), get.call(workloads, id)),
    values: () => ((looks += workloads.size), values.call(workloads)),
    entries: () => ((looks += workloads.size), entries.call(workloads)),
    [Symbol.iterator]: () => ((looks += workloads.size), entries.call(workloads)),
  })
  for (const listener of listeners) listener([{ type: 'workload', workload: workloadId('w7') }])
  expect(service.answer({ name: 'w7.default.claw', type: 'A' })).toMatchObject({ kind: 'found' })
  expect(service.answer({ name: 'nobody.default.claw', type: 'A' })).toEqual({ kind: 'missing' })
  expect(looks).toBeLessThan(10)
  await service.stop()
})

test('containers with the network of the node ask this host once it answers in the overlay, and then others; nobody else does', async () => {
  const service = await serve()
  const own = spec({ namespace: 'team-a', network: 'host' })
  expect(service.resolverFor(own)).toBeNull()
  withOverlay()
  await world.runFor(1_000)
  expect(service.resolverFor(own)).toEqual({ servers: ['10.100.0.1', '192.0.2.53'], search: ['team-a.claw'] })
  expect(service.resolverFor(spec())).toBeNull()
  expect(service.resolverFor(spec({ isolation: 'guest', network: 'host' }))).toBeNull()
  expect(service.resolverFor(spec({ offline: true }))).toBeNull()
  await service.stop()
})

test('containers with an address of their own in the overlay ask this host, also a moment before it answers there', async () => {
  const service = await serve()
  expect(service.resolverFor(spec(), true)).toBeNull()
  refuses = () => Object.assign(new Error('no such address'), { code: 'EADDRNOTAVAIL' })
  withOverlay()
  await world.runFor(1_000)
  const told = { servers: ['10.100.0.1', '192.0.2.53'], search: ['default.claw'] }
  expect([...opened.keys()]).not.toContain('10.100.0.1:53')
  expect(service.resolverFor(spec(), true)).toEqual(told)
  refuses = () => null
  service.wake()
  await world.runFor(1_000)
  expect([...opened.keys()]).toContain('10.100.0.1:53')
  expect(service.resolverFor(spec(), true)).toEqual(told)
  expect(service.resolverFor(spec({ isolation: 'guest' }), true)).toBeNull()
  await service.stop()
})
