import { describe, expect, test } from 'vitest'
import { forwardable, type Reach } from '../../../../src/core/naming/forward.ts'
import { placeOf } from '../../../../src/model/naming.ts'

const hostAddresses = ['127.0.0.1', '::1', '192.0.2.7', 'fd00::7']
const left = (upstreams: readonly string[], reach: Partial<Reach> = {}): readonly string[] =>
  forwardable(upstreams, { listening: ['10.100.0.1:53'], hostAddresses, members: null, ...reach })

test('places are read with and without a port', () => {
  expect(placeOf('10.0.0.1')).toEqual({ host: '10.0.0.1', port: 53 })
  expect(placeOf('10.0.0.1:54')).toEqual({ host: '10.0.0.1', port: 54 })
  expect(placeOf('fd00::1')).toEqual({ host: 'fd00::1', port: 53 })
  expect(placeOf('::1')).toEqual({ host: '::1', port: 53 })
  expect(placeOf('[fd00::1]:54')).toEqual({ host: 'fd00::1', port: 54 })
  expect(placeOf('[fd00::1]')).toEqual({ host: 'fd00::1', port: 53 })
})

describe('a resolver is not asked', () => {
  test('where this host itself answers, however that is written', () => {
    expect(left(['10.100.0.1', '10.100.0.1:53', '10.100.0.1:54', '192.0.2.53'])).toEqual([
      '10.100.0.1:54',
      '192.0.2.53',
    ])
    expect(left(['fd00:0::1', '[FD00::1]:53', 'fd00::2'], { listening: ['[fd00::1]:53'] })).toEqual(['fd00::2'])
    expect(left(['::ffff:127.0.0.1', '0.0.0.0', '127.0.0.53'], { listening: ['127.0.0.1:53'] })).toEqual(['127.0.0.53'])
  })

  test('at any address of this host where it answers at all of them', () => {
    const asked = ['127.0.0.53', '0.0.0.0', '192.0.2.7', 'fd00::7', '192.0.2.7:5353', '192.0.2.53']
    expect(left(asked, { listening: ['0.0.0.0:53'] })).toEqual(['192.0.2.7:5353', '192.0.2.53'])
    expect(left(['::1', '::', 'fd00::7', 'fd00::8'], { listening: ['[::]:53'] })).toEqual(['fd00::8'])
  })

  test('where another host of the mesh answers, which might ask this one', () => {
    const asked = ['10.100.0.2', '10.100.0.3:5353', '10.101.0.2']
    expect(left(asked, { members: '10.100.0.0/16' })).toEqual(['10.100.0.3:5353', '10.101.0.2'])
    expect(left(asked)).toEqual(asked)
  })
})
