import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gpuFamily, gpuModelMatches } from '../../../src/model/gpu.ts'
import { gpuProducts, parseSimulatedGpus } from '../../../src/model/simulated-gpus.ts'

const shortly = (text: string): string[] =>
  parseSimulatedGpus(text).map(({ count, product }) => `${count} ${product.model}`)

test.each([
  ['8xH100', ['8 NVIDIA H100 80GB HBM3']],
  ['8xH100,4xA100', ['8 NVIDIA H100 80GB HBM3', '4 NVIDIA A100-SXM4-80GB']],
  [' 2 x rtx-4090 , 1×mi300x', ['2 NVIDIA GeForce RTX 4090', '1 AMD Instinct MI300X']],
  ['l40s', ['1 NVIDIA L40S']],
  ['2xNVIDIA H200', ['2 NVIDIA H200']],
])('%j is %j', (text, expected) => expect(shortly(text)).toEqual(expected))

test.each([
  ['8xH1000', 'did you mean H100?'],
  ['3xBanana', 'known are B200, H200'],
  ['0xH100', '"0xH100" is not COUNTxMODEL'],
  ['8x', 'no GPU called "8x"'],
  ['', '"" is not COUNTxMODEL'],
  ['60xH100,5xA100', '65 simulated GPUs are more than the 64'],
])('%j is refused with a reason', (text, reason) => {
  expect(() => parseSimulatedGpus(text)).toThrow(reason)
  expect(() => parseSimulatedGpus(text)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }) as Error)
})

test('every product can be asked for by the family that its model shows', () => {
  for (const { model } of Object.values(gpuProducts)) expect(gpuModelMatches(model, gpuFamily(model))).toBe(true)
})

test('whatever can be written can be read, or is refused as invalid', () => {
  const name = fc.constantFrom(...Object.keys(gpuProducts))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), name), { minLength: 1, maxLength: 8 }), (groups) => {
      const counts = parseSimulatedGpus(groups.map(([count, model]) => `${count}x${model}`).join(',')).map(
        ({ count }) => count,
      )
      expect(counts).toEqual(groups.map(([count]) => count))
    }),
  )
})
