import fc from 'fast-check'
import { expect, test } from 'vitest'
import { choosePorts, portEnvironment, portOnNode } from '../../../../src/core/agent/ports.ts'
import type { Assigned } from '../../../../src/core/agent/view.ts'
import type { ExecutorKind } from '../../../../src/model/node.ts'
import { placementId, workloadId } from '../../../../src/model/ids.ts'
import { spec } from '../../../support/control-samples.ts'

const assigned = (
  parts: Record<string, unknown>,
  executor: ExecutorKind = 'docker',
  workload = 'wl-a',
): Pick<Assigned, 'spec' | 'placement'> => ({
  spec: spec({ ports: [{ port: 8_080 }, { port: 9_000, name: 'grpc-api', protocol: 'tcp' }], ...parts }),
  placement: {
    ...{ id: placementId(workloadId(workload), 1), workload: workloadId(workload), attempt: 1, node: 'n' as never },
    ...{ devices: [], executor, term: 1, state: 'claimed', at: 0, port: null },
  },
})

const free = { taken: new Set<number>(), isFree: async () => true }

test('on a bridge it listens where it says, and is told so', async () => {
  const workload = assigned({})
  const ports = await choosePorts(workload, free)
  expect(ports).toEqual([
    { port: 8_080, given: 8_080 },
    { port: 9_000, given: 9_000 },
  ])
  expect(portEnvironment(workload.spec, ports)).toEqual({ PORT: '8080', PORT_8080: '8080', PORT_GRPC_API: '9000' })
})

test.each([
  [assigned({ network: 'host' }), 'docker'],
  [assigned({}, 'process'), 'process'],
])('on the network of its node it is given free ports, whatever runs it (%#)', async (workload) => {
  const ports = await choosePorts(workload, free)
  expect(ports.map(({ port }) => port)).toEqual([8_080, 9_000])
  const given = ports.map((one) => one.given)
  expect(new Set(given).size).toBe(2)
  expect(portEnvironment(workload.spec, ports)).toMatchObject({
    PORT: String(given[0]),
    PORT_GRPC_API: String(given[1]),
  })
})

test('who sets the variable in the workload listens there', async () => {
  const ports = await choosePorts(assigned({ network: 'host', env: { PORT: '80', PORT_GRPC_API: 'no port' } }), free)
  expect(ports[0]).toEqual({ port: 8_080, given: 80 })
  expect(ports[1]?.given).toBeGreaterThanOrEqual(20_000)
})

test.each([
  ['is given to another task', { taken: new Set([8_079]), isFree: free.isFree }],
  [
    'something else of the node listens at',
    { taken: new Set<number>(), isFree: async (port: number) => port !== 8_079 },
  ],
])('nobody gets a port that %s by naming it', async (_, source) => {
  const [given] = await choosePorts(assigned({ network: 'host', env: { PORT: '8079' } }), source)
  expect(given?.given).toBeGreaterThanOrEqual(20_000)
})

test('given whatever is taken or in use, what is chosen is neither, as long as there is something', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(40)), fc.nat(5), async (offsets, name) => {
      const workload = assigned({ network: 'host' }, 'docker', `wl-${name}`)
      const first = (await choosePorts(workload, free))[0]?.given ?? 0
      const taken = new Set(offsets.filter((one) => one % 2 === 0).map((one) => first + one))
      const busy = new Set(offsets.filter((one) => one % 2 === 1).map((one) => first + one))
      const ports = await choosePorts(workload, { taken, isFree: async (port) => !busy.has(port) })
      const given = ports.map((one) => one.given)
      expect(given.filter((port) => taken.has(port) || busy.has(port))).toEqual([])
      expect(new Set(given).size).toBe(given.length)
      expect(given.every((port) => port >= 20_000 && port < 29_500)).toBe(true)
    }),
  )
})

test.each([
  ['on a bridge', 'docker', 'bridge', 9_999],
  ['on the network of its node', 'docker', 'host', null],
  ['as a process', 'process', 'bridge', null],
] as const)('%s, a port that it does not declare is reached at %s %s: %s', (_, executor, network, expected) => {
  const ports = [{ port: 8_080, given: 20_001 }]
  const where = { spec: spec({ network }), executor }
  expect(portOnNode(where, ports, 8_080)).toBe(20_001)
  expect(portOnNode(where, ports, 9_999)).toBe(expected)
})

test('given any workload on the network of its node, whatever is asked for, it has exactly the ports that it was given', async () => {
  const port = fc.integer({ min: 1, max: 65_535 })
  const declared = fc.uniqueArray(port, { minLength: 1, maxLength: 8 })
  const where = fc.constantFrom(
    ['docker', 'host'] as const,
    ['process', 'host'] as const,
    ['process', 'bridge'] as const,
  )
  await fc.assert(
    fc.asyncProperty(declared, port, where, async (own, asked, [executor, network]) => {
      const workload = assigned({ network, ports: own.map((one) => ({ port: one })) }, executor)
      const given = await choosePorts(workload, free)
      for (const one of [asked, ...own, ...given.map((each) => each.given)]) {
        const reached = portOnNode({ spec: workload.spec, executor }, given, one)
        expect(reached).toBe(own.includes(one) ? given[own.indexOf(one)]?.given : null)
      }
    }),
  )
})
