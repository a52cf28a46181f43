import fc from 'fast-check'
import { expect, test } from 'vitest'
import { childrenOf, parseXml, textAt } from '../../../../src/adapters/nvidia/xml.ts'
import { fixture } from '../scripted-tools.ts'

test('elements, attributes, text and entities are read', () => {
  const { root, complete } = parseXml(
    '<?xml version="1.0" ?>\n<!DOCTYPE a SYSTEM "a.dtd">\n<!-- <x> -->\n<a k="1 &lt; 2" l=\'"\'><b/><b>t &amp; u</b></a>\n',
  )
  expect(complete).toBe(true)
  expect(root?.attributes).toEqual({ k: '1 < 2', l: '"' })
  expect(root === null ? [] : childrenOf(root, 'b').map(({ text }) => text)).toEqual(['', 't & u'])
  expect(root === null ? null : textAt(root, 'b/c')).toBeNull()
})

test('a document that is cut anywhere gives what came before the cut, and is not complete', () => {
  const whole = fixture('nvidia/h100x2-550.xml').trimEnd()
  fc.assert(
    fc.property(fc.nat(whole.length - 1), (length) => {
      const { root, complete } = parseXml(whole.slice(0, length))
      expect(complete).toBe(false)
      expect(root === null || root.name === 'nvidia_smi_log').toBe(true)
    }),
  )
})

test('anything at all is read without a throw', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '</a>',
    '<a>',
    '<a/>',
    '<!--',
    '-->',
    '&amp;',
    '&x;',
    ' k="',
    '"',
    'text',
    '<?',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        expect(typeof parseXml(text).complete).toBe('boolean')
      },
    ),
  )
})

test('nesting beyond any report is refused', () => {
  expect(parseXml('<a>'.repeat(50) + '</a>'.repeat(50)).complete).toBe(false)
})
