import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkedBody } from '../../../../src/adapters/docker/chunked-body.ts'

const chunk = (text: string, extension = ''): string =>
  `${Buffer.byteLength(text).toString(16).toUpperCase()}${extension}\r\n${text}\r\n`

test('given any chunks, the body is put together, however the bytes are cut', () => {
  const one = fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.constantFrom('', ';a=b'))
  const end = fc.constantFrom('0\r\n\r\n', '0;x\r\nTrailer: yes\r\n\r\n')
  fc.assert(
    fc.property(fc.array(one), end, fc.array(fc.nat()), (chunks, last, cuts) => {
      const bytes = Buffer.from(chunks.map(([text, extension]) => chunk(text, extension)).join('') + last)
      const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
      const body = new ChunkedBody()
      const parts = at.slice(1).map((to, i) => Buffer.from(body.push(Buffer.from(bytes.subarray(at[i], to)))))
      expect(Buffer.concat(parts).toString()).toBe(chunks.map(([text]) => text).join(''))
      expect(body.isOver).toBe(true)
    }),
  )
})

test.each(['x\r\n', '\r\n', '1\r\nab', '5;\r\n12345x', 'fffffffffff\r\n'])('given %j, it is refused', (text) => {
  expect(() => new ChunkedBody().push(Buffer.from(text))).toThrow('broken body')
})

test('given any bytes, they are taken or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        new ChunkedBody().push(Buffer.from(bytes))
      } catch (error) {
        expect(error).toMatchObject({ message: 'the engine sent a broken body' })
      }
    }),
  )
})
