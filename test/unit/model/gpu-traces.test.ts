import { expect, test } from 'vitest'
import { traceOn } from '../../../src/model/gpu-traces.ts'

const clean = { memoryUsedMib: 4, eccUncorrected: 0, health: 'ok' as const, processes: [] }
const h100 = { memoryMib: 81_920 }

test('what a driver takes for itself is no trace, and memory errors or processes are', () => {
  const of = (odd: object, device = h100) => traceOn({ ...clean, ...odd }, device)?.kind ?? 'clean'
  expect(of({})).toBe('clean')
  expect(of({ memoryUsedMib: 1_024 })).toBe('clean')
  expect(of({ memoryUsedMib: 1_025 })).toBe('memory')
  expect(of({ memoryUsedMib: 500 }, { memoryMib: 8_192 })).toBe('memory')
  expect(of({ eccUncorrected: 2 })).toBe('errors')
  expect(of({ eccUncorrected: null })).toBe('clean')
  expect(of({ health: 'failed' })).toBe('errors')
  expect(of({ health: 'warning' })).toBe('clean')
  expect(of({ processes: [{ pid: 7, memoryMib: null }] })).toBe('processes')
})

test('what the tool does not tell is not known to be clean', () => {
  expect(traceOn(undefined, h100)?.kind).toBe('unknown')
  expect(traceOn({ ...clean, memoryUsedMib: null }, h100)?.kind).toBe('unknown')
})
