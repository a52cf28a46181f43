import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTopology } from '../../../../src/adapters/nvidia/topology.ts'
import { fixture } from '../scripted-tools.ts'

test('eight GPUs on NVSwitch are linked each to each, with their NUMA nodes, whatever the header is decorated with', () => {
  const { links, numaNodes } = parseTopology(fixture('nvidia/topo-hgx-h100.txt'))
  expect(links).toHaveLength(28)
  expect(links.every(({ kind, width }) => kind === 'nvlink' && width === 18)).toBe(true)
  expect([...numaNodes]).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((gpu) => [gpu, gpu < 4 ? 0 : 1]))
})

test('PCIe distances are told apart, and a GPU near no single node has none', () => {
  const { links, numaNodes } = parseTopology(fixture('nvidia/topo-pcie-4.txt'))
  expect(links.map(({ devices, kind }) => `${devices.join('-')} ${kind}`)).toEqual([
    '0-1 pix',
    '0-2 node',
    '0-3 sys',
    '1-2 phb',
    '1-3 sys',
    '2-3 sys',
  ])
  expect([...numaNodes]).toEqual([
    [0, 0],
    [1, 0],
  ])
})

test('the matrix of an old driver, in columns of spaces and without NUMA nodes, is read', () => {
  expect(parseTopology(fixture('nvidia/topo-old-418.txt'))).toEqual({
    links: [{ devices: [0, 1], kind: 'nvlink', width: 2 }],
    numaNodes: new Map(),
  })
})

test('anything else is no topology', () => {
  expect(parseTopology('').links).toEqual([])
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseTopology(`GPU0\t${text}`).links).toEqual([])
    }),
  )
})
