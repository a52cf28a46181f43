import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Etags } from '../../../src/lib/etag.ts'

const md5 = (...data: readonly Uint8Array[]): Buffer =>
  data.reduce((hash, one) => hash.update(one), createHash('md5')).digest()

test('given content, however it comes, then its names are those that stores give it, whole or in parts', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 8 })
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 8 }), (all, partBytes) => {
      const etags = new Etags(partBytes)
      for (const chunk of all) etags.add(chunk)
      const whole = Buffer.concat(all)
      const count = Math.max(1, Math.ceil(whole.length / partBytes))
      const parts = Array.from({ length: count }, (_, i) => md5(whole.subarray(i * partBytes, (i + 1) * partBytes)))
      const name = md5(whole).toString('hex')
      expect(etags.sums()).toEqual({ md5: name, etags: [name, `${md5(...parts).toString('hex')}-${count}`] })
    }),
  )
})
