import fc from 'fast-check'
import { expect, test } from 'vitest'
import { field, items, jsonIn, reading, words } from '../../../src/lib/lenient.ts'

test.each([
  ['81559 MiB', 81_559],
  ['98.44 W', 98.44],
  ['97 %', 97],
  ['64C', 64],
  ['-1', -1],
  [12.5, 12.5],
  [{ value: 35, unit: 'C' }, 35],
  [{ value: 'N/A', unit: 'C' }, null],
  ['[N/A]', null],
  ['N/A', null],
  ['[Not Supported]', null],
  ['[Insufficient Permissions]', null],
  ['[Unknown Error]', null],
  ['[GPU requires reset]', null],
  ['ERR!', null],
  ['', null],
  ['00000000:19:00.0', null],
  ['550.54.15', null],
  ['0x0000000000000004', null],
  [NaN, null],
  [undefined, null],
  [null, null],
])('%j reads as %j', (value, number) => expect(reading(value)).toBe(number))

test('a value that is none has no words', () => {
  expect(['N/A', '[Not Supported]', 'ERR!', ' ', null, 'unknown'].map(words)).toEqual(Array(6).fill(null))
  expect([' MI300X ', { value: 'x' }, 7].map(words)).toEqual(['MI300X', 'x', '7'])
})

test('a field is found however its name is written, and earlier names come first', () => {
  const record = { 'GPU ID': 1, gpuMemory: 2, 'Card Series': 3 }
  expect(field(record, 'gpu_id')).toBe(1)
  expect(field(record, 'vram', 'GPU_MEMORY')).toBe(2)
  expect(field(record, 'card_series', 'gpu_id')).toBe(3)
  expect(field(null, 'x')).toBeUndefined()
})

test('a list and a record of items are the same', () => {
  expect(items([1, 2])).toEqual(items({ card0: 1, card1: 2 }))
  expect(items('no')).toEqual([])
})

test('JSON is found among warnings, and nothing is found where there is none', () => {
  expect(jsonIn('WARNING: User is not in group render\n{"a": [1]}\n')).toEqual({ a: [1] })
  expect(jsonIn('[warn] old driver\n[{"gpu": 0}]')).toEqual([{ gpu: 0 }])
  expect(jsonIn('{"a": [1')).toBeUndefined()
  expect(jsonIn('')).toBeUndefined()
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(jsonIn(`# note\n${JSON.stringify([value])}\nbye`)).toEqual(JSON.parse(JSON.stringify([value])))
    }),
  )
})

test('no text makes reading throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(reading(text) ?? 0).toBeTypeOf('number')
      expect(jsonIn(text)).not.toBe(text)
    }),
  )
})
