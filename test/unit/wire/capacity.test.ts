import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { GpuSample } from '../../../src/model/gpu.ts'
import { nodeId } from '../../../src/model/ids.ts'
import type { NodeReport } from '../../../src/model/report.ts'
import { capacityTopic, reportLimit, syncCapacity } from '../../../src/wire/capacity.ts'
import { packDeviceName, unpackDeviceName } from '../../../src/wire/device-name.ts'
import { reportCodec } from '../../../src/wire/report-codec.ts'

const gpu = (index: number): GpuSample => ({
  uuid: `GPU-5f3c9a1e-0b7d-4c2f-9e8a-${String(index).padStart(12, '0')}`,
  utilization: 97,
  memoryUsedMib: 79_871,
  temperatureC: 71,
  powerW: 688,
  powerLimitW: 700,
  smClockMhz: 1_980,
  eccUncorrected: 3,
  throttle: ['thermal', 'hw-slowdown', 'sw-power-cap', 'hw-power-brake'],
  health: 'warning',
  processes: [1, 2, 3, 4].map((n) => ({ pid: 4_000_000 + n, memoryMib: 20_000 })),
})

const report = (gpus: readonly GpuSample[]): NodeReport => ({
  node: nodeId('12D3KooWRbkP1RgLzrtSJdvAvQy2XWSJcKKxQkHGPpDc3q3bxvXF'),
  incarnation: 1_750_000_000_000,
  sequence: 123_456,
  at: 1_750_000_360_123,
  gpus,
  busy: gpus.map(({ uuid }) => uuid),
  host: { cpuUtilization: 88, memoryUsedMib: 1_900_000, memoryTotalMib: 2_063_000, diskFreeMib: 30_000_000 },
  problems: [
    'nvidia-smi did not answer within 10 s',
    'the docker engine does not answer: connect ENOENT /var/run/docker.sock',
  ],
  version: '0.1.0',
})

test('given eight GPUs that all have a lot to tell, when the report is signed, then it fits in a kibibyte', () => {
  const eight = Array.from({ length: 8 }, (_, index) => gpu(index))
  const bytes = reportCodec.encode(report(eight))
  const signed = capacityTopic.message.encode({ report: bytes, signature: new Uint8Array(64).fill(7) })
  expect(signed.length).toBeLessThanOrEqual(1_024)

  const decoded = reportCodec.decode(bytes)
  const essentials = (of: GpuSample): GpuSample => ({ ...of, processes: [], throttle: [] })
  expect(decoded.gpus.map(essentials)).toEqual(eight.map(essentials))
  expect(decoded.gpus.every(({ throttle }) => throttle.includes('thermal'))).toBe(true)
  expect(decoded.busy).toEqual(eight.map(({ uuid }) => uuid))
})

test('given an ordinary report, when it travels, then nothing is lost', () => {
  const ordinary = report([{ ...gpu(0), throttle: ['thermal'], processes: [{ pid: 7, memoryMib: null }] }, gpu(1)])
  expect(reportCodec.decode(reportCodec.encode(ordinary))).toEqual(ordinary)
})

test('given a daemon that is outdated and has a lot to tell, when it says so, then that is never left out', () => {
  const eight = Array.from({ length: 8 }, (_, index) => gpu(index))
  const full = {
    ...report(eight),
    problems: Array.from({ length: 8 }, () => 'x'.repeat(120)),
    isOutdated: true,
  } as const
  expect(reportCodec.decode(reportCodec.encode(full)).isOutdated).toBe(true)
  expect(reportCodec.decode(reportCodec.encode(report(eight))).isOutdated).toBe(undefined)
})

test('given values that a tool cannot tell, when they travel, then they are still unknown, and zero is zero', () => {
  const unknown = {
    ...gpu(0),
    utilization: null,
    powerW: null,
    temperatureC: null,
    memoryUsedMib: 0,
    eccUncorrected: 0,
  }
  expect(reportCodec.decode(reportCodec.encode(report([unknown]))).gpus).toEqual([unknown])
})

test('given any device name, when it is packed and unpacked, then it is the same', () => {
  const hex = (length: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
  const uuid = fc.tuple(hex(8), hex(4), hex(4), hex(4), hex(12)).map((parts) => parts.join('-'))
  const name = fc.oneof(
    fc.tuple(fc.constantFrom('GPU-', 'MIG-', '', 'SIM-'), uuid).map((parts) => parts.join('')),
    fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.isWellFormed()),
  )
  fc.assert(
    fc.property(name, (text) => {
      expect(unpackDeviceName(packDeviceName(text))).toBe(text)
    }),
  )
})

test('given any bytes, when they are decoded, then they are a report within bounds or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const codec of [reportCodec, capacityTopic.message, syncCapacity.request, syncCapacity.response]) {
        try {
          expect(codec.decode(bytes)).toBeTypeOf('object')
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }
    }),
  )
})

test('given a signed report that is too large or has no whole signature, when it is decoded, then it is refused', () => {
  const encode = (size: number, signature: number): Uint8Array =>
    capacityTopic.message.encode({ report: new Uint8Array(size), signature: new Uint8Array(signature) })
  expect(() => capacityTopic.message.decode(encode(reportLimit(112) + 1, 64))).toThrow('wrong size')
  expect(() => capacityTopic.message.decode(encode(100, 63))).toThrow('wrong size')
})
